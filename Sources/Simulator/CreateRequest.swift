import Jobs

/// A create body that satisfies the schema, as the stand-in's renderer needs it.
struct CreateRequest: Sendable {
    let model: String
    let seconds: Int
    let image: PictureReference
    let tail: PictureReference?
    let staticMask: PictureReference?
    let dynamicMasks: [(mask: PictureReference, points: [JSONValue])]
    let camera: JSONValue?
    /// Why the model will not make it, though the gateway took it: Kling's own rules, in its manner of speaking.
    let objection: String?

    init(_ body: CreateBody) {
        let json = body.json
        func reference(_ value: JSONValue?) -> PictureReference? {
            value?.stringValue.map { PictureReference($0, among: body.pictures) }
        }
        model = json["model"]?.stringValue ?? ""
        seconds = json["duration"]?.integerValue ?? 5
        image = PictureReference(json["image_url"]?.stringValue ?? "", among: body.pictures)
        tail = reference(json["tail_image_url"])
        staticMask = reference(json["static_mask"])
        dynamicMasks = (json["dynamic_masks"]?.arrayValue ?? []).compactMap { entry in
            reference(entry["mask"]).map { ($0, entry["trajectories"]?.arrayValue ?? []) }
        }
        camera = json["camera_control"]
        objection = Self.objections(json, pictures: body.pictures).first
    }

    private static func objections(_ json: JSONValue, pictures: [String: InlinePicture]) -> [String] {
        var found: [String] = []
        for key in ["prompt", "negative_prompt"] where (json[key]?.stringValue?.unicodeScalars.count ?? 0) > 2500 {
            found.append("\(key) exceeds 2500 characters")
        }
        let masks = json["static_mask"] != nil || !(json["dynamic_masks"]?.arrayValue ?? []).isEmpty
        if [json["tail_image_url"] != nil, masks, json["camera_control"] != nil].filter(\.self).count > 1 {
            found.append("image_tail, masks and camera_control can't be used at the same time")
        }
        if let camera = json["camera_control"] {
            let moves = (camera["config"]?.objectValue ?? [:]).values.filter { $0.doubleValue != 0 }
            if camera["type"]?.stringValue == "simple", moves.count != 1 {
                found.append("camera_control.config must have exactly one non-zero value")
            } else if camera["type"]?.stringValue != "simple", camera["config"] != nil {
                found.append("camera_control.config must be empty unless type is simple")
            }
        }
        for key in ["image_url", "tail_image_url"] {
            if let objection = json[key]?.stringValue.flatMap({ pictures[$0]?.objection }) { found.append(objection) }
        }
        return found
    }
}

/// Where a picture of a create comes from.
enum PictureReference: Sendable {
    case inline(InlinePicture)
    case url(String)

    init(_ text: String, among pictures: [String: InlinePicture]) {
        self = pictures[text].map(Self.inline) ?? .url(text)
    }
}
