#pragma once
#include <vips/vips.h>

// Swift cannot call C functions with variable arguments; each of these is one such call, and nothing else.

static inline int shim_jpegload(VipsSource *source, VipsImage **out, VipsAccess access) {
    return vips_jpegload_source(source, out, "access", access, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int shim_pngload(VipsSource *source, VipsImage **out, VipsAccess access) {
    return vips_pngload_source(source, out, "access", access, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int shim_webpload(VipsSource *source, VipsImage **out, VipsAccess access) {
    return vips_webpload_source(source, out, "access", access, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int shim_gifload(VipsSource *source, VipsImage **out, VipsAccess access) {
    return vips_gifload_source(source, out, "access", access, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int shim_heifload(VipsSource *source, VipsImage **out, VipsAccess access) {
    return vips_heifload_source(source, out, "access", access, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int shim_tiffload(VipsSource *source, VipsImage **out, VipsAccess access, int page) {
    return vips_tiffload_source(
        source, out, "access", access, "fail_on", VIPS_FAIL_ON_ERROR, "page", page, NULL);
}

static inline int shim_avg(VipsImage *in, double *out) { return vips_avg(in, out, NULL); }

static inline int shim_min(VipsImage *in, double *out) { return vips_min(in, out, NULL); }

static inline int shim_extract_band(VipsImage *in, VipsImage **out, int band, int count) {
    return vips_extract_band(in, out, band, "n", count, NULL);
}

static inline int shim_autorot(VipsImage *in, VipsImage **out) { return vips_autorot(in, out, NULL); }

static inline int shim_icc_transform_to_srgb(VipsImage *in, VipsImage **out, const char *fallback_profile) {
    return vips_icc_transform(
        in, out, "srgb", "embedded", TRUE, "input_profile", fallback_profile, "intent", VIPS_INTENT_RELATIVE,
        "black_point_compensation", TRUE, "depth", 8, NULL);
}

static inline int shim_colourspace_srgb(VipsImage *in, VipsImage **out) {
    return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
}

static inline int shim_cast_uchar(VipsImage *in, VipsImage **out) { return vips_cast_uchar(in, out, NULL); }

static inline int shim_flatten_on_white(VipsImage *in, VipsImage **out) {
    const double white[] = {255, 255, 255};
    VipsArrayDouble *background = vips_array_double_new(white, 3);
    int result = vips_flatten(in, out, "background", background, NULL);
    vips_area_unref(VIPS_AREA(background));
    return result;
}

static inline int shim_scale_to(VipsImage *in, VipsImage **out, int width, int height) {
    return vips_thumbnail_image(
        in, out, width, "height", height, "size", VIPS_SIZE_FORCE, "no_rotate", TRUE, NULL);
}

static inline int shim_jpegsave(VipsImage *in, void **buffer, size_t *length, int quality) {
    return vips_jpegsave_buffer(in, buffer, length, "Q", quality, "optimize_coding", TRUE, "strip", TRUE, NULL);
}

static inline int shim_pngsave(VipsImage *in, void **buffer, size_t *length) {
    return vips_pngsave_buffer(in, buffer, length, "compression", 6, "strip", TRUE, NULL);
}
