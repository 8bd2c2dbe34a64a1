import Jobs

/// A place in a JSON document, written as people write it: `dynamic_masks[1].mask`.
///
/// To put a value there: `value.setting(new, at: pointer.steps[...])`.
package struct JSONPointer: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
    package var steps: [PlaceStep]

    package init(_ steps: [PlaceStep] = []) { self.steps = steps }
    package init(arrayLiteral steps: PlaceStep...) { self.steps = steps }

    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }

    /// The top-level key the place lies in.
    package var root: String? { if case .key(let key)? = steps.first { key } else { nil } }

    package static func + (pointer: JSONPointer, step: PlaceStep) -> JSONPointer { JSONPointer(pointer.steps + [step]) }
}

extension JSONValue {
    package subscript(pointer: JSONPointer) -> JSONValue? {
        pointer.steps.reduce(self as JSONValue?) { value, step in
            switch step {
            case .key(let key): value?[key]
            case .index(let index): value?.arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
        }
    }
}

/// A family of places, one for each entry of a list: `dynamic_masks[].mask`.
struct PointerPattern: Hashable, Sendable {
    private enum Step: Hashable { case key(String), eachEntry }
    private let steps: [Step]

    init(_ text: String) {
        steps = text.split(separator: ".").flatMap { part -> [Step] in
            let lists = part.ranges(of: "[]").count
            return [.key(String(part.dropLast(2 * lists)))] + Array(repeating: .eachEntry, count: lists)
        }
    }

    func matches(_ pointer: JSONPointer) -> Bool {
        steps.count == pointer.steps.count
            && zip(steps, pointer.steps).allSatisfy {
                switch ($0, $1) {
                case (.key(let mine), .key(let theirs)): mine == theirs
                case (.eachEntry, .index): true
                default: false
                }
            }
    }

    /// The places of the family that exist in a value, with what stands there.
    func places(in value: JSONValue) -> [(pointer: JSONPointer, value: JSONValue)] {
        var places: [(pointer: JSONPointer, value: JSONValue)] = [([], value)]
        for step in steps {
            places = places.flatMap { place -> [(pointer: JSONPointer, value: JSONValue)] in
                switch step {
                case .key(let key):
                    place.value[key].map { [(place.pointer + .key(key), $0)] } ?? []
                case .eachEntry:
                    (place.value.arrayValue ?? []).enumerated().map { (place.pointer + .index($0), $1) }
                }
            }
        }
        return places
    }
}
