#pragma once
// Linux calls that the C library shows only under _GNU_SOURCE, which Swift's Glibc module is built without.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/// renameat2(2) with RENAME_NOREPLACE: fails with EEXIST instead of replacing.
static inline int clinux_rename_noreplace(int from_folder, const char *from, int to_folder, const char *to) {
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 1u);
}

/// openat2(2), Linux 5.6: never out of `folder` (RESOLVE_BENEATH, 8), through no symbolic link (4), through no link of /proc (2).
/// ENOSYS where the kernel does not know it, EPERM or ENOSYS where a seccomp filter does not let it through.
static inline int clinux_open_beneath(int folder, const char *name, int flags, unsigned int mode) {
    // struct open_how: flags, mode, resolve. 437 is its number on every architecture.
    unsigned long long how[3] = {(unsigned int)flags, mode, 8 | 4 | 2};
    return (int)syscall(437, folder, name, how, sizeof how);
}

/// O_PATH: only to name what is opened. The kernel's generic value, which every architecture that Swift runs on has.
static const int clinux_o_path = 010000000;

/// fchownat(2) of what `descriptor` is, also where that is open only by O_PATH. −1 leaves the owner or group.
static inline int clinux_change_owner(int descriptor, unsigned int owner, unsigned int group) {
    return fchownat(descriptor, "", owner, group, 0x1000 /* AT_EMPTY_PATH */);
}

/// fcntl(2) F_SETLEASE (1024): a read lease is refused with EAGAIN while anybody has the file open for writing.
static inline int clinux_take_read_lease(int descriptor) { return fcntl(descriptor, 1024, F_RDLCK); }
static inline int clinux_drop_lease(int descriptor) { return fcntl(descriptor, 1024, F_UNLCK); }

/// statfs(2): the file system's type, −1 on failure.
static inline long long clinux_file_system_type(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 ? (long long)(unsigned int)status.f_type : -1;
}

/// statx(2): the id of the mount a path leads to, links followed and automounts started. `mask` is STATX_MNT_ID (0x1000: the id
/// in mountinfo, given again to later mounts) or with it STATX_MNT_ID_UNIQUE (0x4000, Linux 6.8: never given again). 0 where the
/// kernel does not say, −1 on failure.
static inline long long clinux_mount_id(const char *path, unsigned int mask) {
    // struct statx: stx_mask is its first four bytes, stx_mnt_id the eight at 0x90.
    union { unsigned int mask; unsigned long long words[32]; } status = {0};
    if (syscall(SYS_statx, AT_FDCWD, path, 0, mask, &status) != 0) return -1;
    return status.mask & mask ? (long long)status.words[18] : 0;
}

/// fcntl(2) F_OFD_SETLK (37): takes a write lock on a whole file for this opening of it; −1 where it cannot be had.
static inline int clinux_try_write_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, 37, &lock);
}
