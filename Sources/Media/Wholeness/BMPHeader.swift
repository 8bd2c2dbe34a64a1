import SystemPackage

/// What a BMP's headers promise.
struct BMPHeader: Equatable {
    let width: Int
    let height: Int
    let bitsPerPixel: Int
    /// Bytes that the file must have.
    let neededBytes: Int

    init?(_ content: FileBytes) throws(Errno) {
        func number<Integer: FixedWidthInteger>(_ type: Integer.Type, _ position: Int) throws(Errno) -> Int? {
            try content.integer(type, at: position, bigEndian: false).map { Int($0) }
        }
        guard let fileSize = try number(UInt32.self, 2), let dataOffset = try number(UInt32.self, 10),
            let headerSize = try number(UInt32.self, 14)
        else { return nil }
        let compression: Int
        if headerSize == 12 {
            guard let width = try number(UInt16.self, 18), let height = try number(UInt16.self, 20),
                let bits = try number(UInt16.self, 24)
            else { return nil }
            (self.width, self.height, bitsPerPixel, compression) = (width, height, bits, 0)
        } else {
            guard let width = try content.integer(UInt32.self, at: 18, bigEndian: false),
                let height = try content.integer(UInt32.self, at: 22, bigEndian: false),
                let bits = try number(UInt16.self, 28), let method = try number(UInt32.self, 30)
            else { return nil }
            // Negative heights are pictures stored top-down.
            self.width = Int(Int32(bitPattern: width))
            self.height = abs(Int(Int32(bitPattern: height)))
            (bitsPerPixel, compression) = (bits, method)
        }
        // Beyond 2^26 the arithmetic below could overflow; no such picture can exist in a BMP's 4 GiB.
        guard (1...1 << 26).contains(width), (1...1 << 26).contains(height),
            [1, 2, 4, 8, 16, 24, 32].contains(bitsPerPixel)
        else { return nil }
        let uncompressed = [0, 3, 6].contains(compression)
        let rowBytes = (width * bitsPerPixel + 31) / 32 * 4
        // The size field is often zero or wrong where the picture itself tells the size.
        neededBytes = uncompressed ? dataOffset + rowBytes * height : fileSize
    }

    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        guard let header = try BMPHeader(content) else { return .unfinished(reason: "the BMP's header is damaged") }
        return header.neededBytes <= content.count
            ? .complete(end: content.count) : .cut("BMP", have: content.count, need: header.neededBytes)
    }
}
