import Crypto
import Foundation
import Jobs
import SystemPackage

/// A picture opened for sending: the very file that was checked is the one that is read, whatever its name means later. Its owner may
/// still write to it by another name it has, so its content is held against what was frozen, before and while it goes out.
final class AttachmentFile: Sendable {
    let attachment: Attachment
    private let descriptor: FileDescriptor

    /// Opens the attachment below `folder`, following no symbolic link, and holds its size and content against what was frozen.
    /// Blocks while it reads.
    init(_ attachment: Attachment, in folder: FilePath) throws(AttachmentProblem) {
        self.attachment = attachment
        do {
            descriptor = try Self.open(attachment.file, in: folder)
        } catch {
            throw AttachmentProblem(file: attachment.file, what: "cannot be opened: \(error)")
        }
        let size: Int
        do {
            size = try descriptor.sizeOfRegularFile()
        } catch {
            throw AttachmentProblem(file: attachment.file, what: "cannot be read: \(error)")
        }
        guard size == attachment.bytes else {
            throw AttachmentProblem(
                file: attachment.file,
                what: "holds \(size) bytes instead of the \(attachment.bytes) it was checked with", isChange: true)
        }
        var content = AttachmentHash(attachment)
        do {
            for offset in stride(from: 0, to: size, by: 1 << 20) {
                try content.update(data(at: offset, count: 1 << 20))
            }
            try content.check()
        } catch let problem as AttachmentProblem {
            throw problem
        } catch {
            throw AttachmentProblem(file: attachment.file, what: "cannot be read: \(error)")
        }
    }

    deinit { try? descriptor.close() }

    /// The bytes at `offset`, at most `count` of them.
    func data(at offset: Int, count: Int) throws -> Data {
        let wanted = min(count, attachment.bytes - offset)
        var data = Data(count: wanted)
        var filled = 0
        while filled < wanted {
            let read = try data.withUnsafeMutableBytes { buffer in
                try descriptor.read(
                    fromAbsoluteOffset: Int64(offset + filled),
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            }
            guard read > 0 else {
                throw AttachmentProblem(
                    file: attachment.file, what: "became shorter while it was being sent", isChange: true)
            }
            filled += read
        }
        return data
    }

    private static func open(_ name: FileName, in folder: FilePath) throws -> FileDescriptor {
        var steps = name.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let last = steps.removeLast()
        guard (steps + [last]).allSatisfy({ !$0.isEmpty && !$0.elementsEqual("..".utf8) }) else {
            throw Errno.invalidArgument
        }
        var current = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        defer { try? current.close() }
        for step in steps {
            let next = try current.open(step, O_DIRECTORY)
            try? current.close()
            current = next
        }
        // A pipe put there instead would block the opening.
        return try current.open(last, O_NONBLOCK)
    }
}

/// Takes an attachment's bytes in their order, and tells whether they are those that were frozen.
struct AttachmentHash {
    private let attachment: Attachment
    private var hash = SHA256()

    init(_ attachment: Attachment) { self.attachment = attachment }

    mutating func update(_ bytes: Data) { hash.update(data: bytes) }

    func check() throws(AttachmentProblem) {
        let digits = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        // A hash that nobody took is known by nothing.
        guard attachment.sha256.isEmpty || attachment.sha256 == digits else {
            throw AttachmentProblem(
                file: attachment.file,
                what: "was written to after it was claimed, by another name it has or by a program that kept it open",
                isChange: true)
        }
    }
}

/// Why an attachment cannot be sent, in words.
struct AttachmentProblem: Error, CustomStringConvertible {
    let file: FileName
    let what: String
    /// Whether it is no longer what was frozen, so that trying again is no use.
    var isChange = false
    var description: String { "\(file.shown) \(what)" }
}

extension FileDescriptor {
    /// Opens one name inside this folder for reading, if it is no symbolic link.
    fileprivate func open(_ name: some Collection<UInt8>, _ flags: Int32) throws -> FileDescriptor {
        let path = name.map(CChar.init(bitPattern:)) + [0]
        let opened = openat(rawValue, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags)
        guard opened >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: opened)
    }

    fileprivate func sizeOfRegularFile() throws -> Int {
        let status = try stat()
        guard status.type == .regular else { throw Errno.invalidArgument }
        return Int(status.size)
    }
}
