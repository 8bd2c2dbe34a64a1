import Foundation
import Jobs
import SystemPackage

/// A picture opened for sending: the very file that was checked is the one that is read, whatever its name means later.
final class AttachmentFile: Sendable {
    let attachment: Attachment
    private let descriptor: FileDescriptor

    /// Opens the attachment below `folder`, following no symbolic link, and holds its size against what was frozen.
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
                what: "holds \(size) bytes instead of the \(attachment.bytes) it was checked with")
        }
    }

    deinit { try? descriptor.close() }

    /// The bytes at `offset` as base64, at most `count` of them. `count` is a multiple of 3, so that the pieces join.
    func base64(at offset: Int, count: Int) throws -> Data {
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
                throw AttachmentProblem(file: attachment.file, what: "became shorter while it was being sent")
            }
            filled += read
        }
        return data.base64EncodedData()
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

/// Why an attachment cannot be sent, in words.
struct AttachmentProblem: Error, CustomStringConvertible {
    let file: FileName
    let what: String
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
