import Catalog
import Folders
import Jobs
import Media
import SystemPackage

/// Looks into a file once it has been quiet for a while: is it whole, what is it, what does it name?
struct Examiner: Sendable {
    enum Finding: Sendable {
        /// The file changed meanwhile or is gone; the table will hear of it.
        case gone
        /// Somebody has it open for writing, or it cannot be read just now.
        case held
        case seen(Examination, identity: FileIdentity, naming: [InboxPath])
    }

    let catalog: Catalog
    let inbox: FilePath

    /// Blocks while it reads.
    func look(into path: InboxPath, expecting status: FileStatus) -> Finding {
        let location = RootedPath(inbox, path.relative)
        let name = path.name.shown
        do throws(FileError) {
            guard let now = try FileSystem.status(of: location), now.identity == status.identity else { return .gone }
            let finding = try examine(location, path: path, status: now, name: name)
            if case .seen(_, let identity, _) = finding, try FileSystem.status(of: location)?.identity != identity {
                return .gone
            }
            return finding
        } catch {
            // Another, perhaps a link or a pipe, has taken its place just now.
            if error.isNoWay || error.code == .invalidArgument { return .gone }
            // Anything but a refusal is the share's trouble, not the file's, and passes.
            guard error.code == .permissionDenied || error.code == .notPermitted else { return .held }
            return .seen(.faulty(Self.unreadable(name, error)), identity: status.identity, naming: [])
        }
    }

    private func examine(
        _ location: RootedPath, path: InboxPath, status: FileStatus, name: String
    ) throws(FileError) -> Finding {
        func seen(_ examination: Examination, naming: [InboxPath] = []) -> Finding {
            .seen(examination, identity: status.identity, naming: naming)
        }
        guard status.kind == .regular else { return seen(.faulty(Self.notAFile(name, status.kind))) }
        if path.name.folded.hasSuffix(".json.txt") {
            let meant = String(path.name.shown.dropLast(4))
            return seen(
                .faulty(
                    Problem(
                        file: name, rule: "this looks like a sidecar with .txt at its end",
                        remedy:
                            "Rename it to \(meant) (in Explorer, show file name extensions first), and drop it again."))
            )
        }
        if status.identity.size == 0 {
            return seen(
                .unfinished(
                    Problem(
                        file: name, value: "0 bytes", rule: "the file is empty",
                        remedy: "Its upload was probably cut off. Copy it again.")))
        }
        // Opened once: all that is said of it is said of this one file.
        let file = try OpenFile(location)
        guard file.status.identity == status.identity else { return .gone }
        if file.hasWriter { return .held }
        let finding =
            NameRules.isSidecar(path.name) || NameRules.isDefaults(path.name)
            ? try sidecar(file, path: path, name: name, status: status)
            : try seen(picture(file, location, name: name))
        return try file.statusNow().identity == status.identity ? finding : .gone
    }

    private func sidecar(
        _ content: OpenFile, path: InboxPath, name: String, status: FileStatus
    ) throws(FileError) -> Finding {
        let bytes = try content.read(limit: JSONText.maxBytes + 1)
        let file = NameRules.isDefaults(path.name) ? path.relative.shown : name
        do throws(JSONTextError) {
            let values = try JSONText.parse(bytes, file: file)
            let (settings, _) = catalog.settings(from: [SettingsLayer(file: file, values: values)])
            let naming = settings.references.flatMap { reference in
                Pairer.places(of: InboxPath(from: path.folder, following: FileName(reference.path)), namedBy: path)
            }
            return .seen(
                .sidecar(values, sha256: FileSystem.hash(of: bytes)), identity: status.identity, naming: naming)
        } catch {
            let examination: Examination = error.mayBeUnfinished ? .unfinished(error.problem) : .faulty(error.problem)
            return .seen(examination, identity: status.identity, naming: [])
        }
    }

    private func picture(_ file: OpenFile, _ location: RootedPath, name: String) throws(FileError) -> Examination {
        let facts: ImageFacts
        do throws(ImageProblem) {
            // The header first: it bounds what decoding may cost.
            facts = try ImageProbe.facts(of: file.descriptor)
        } catch {
            if let code = error.systemError { throw FileError("read", location.path, code) }
            // A header that claims too much is wrong for good; one that cannot be read may yet be completed.
            return error.value == nil ? .unfinished(error.problem(file: name)) : .faulty(error.problem(file: name))
        }
        do throws(Errno) {
            if case .unfinished(let reason) = try Wholeness.inspect(file.descriptor) {
                return .unfinished(
                    Problem(
                        file: name, rule: reason,
                        remedy:
                            "Its upload was probably cut off, or the file is damaged. Open it to see, then copy it again."
                    ))
            }
        } catch {
            throw FileError("read", location.path, error)
        }
        return .picture(facts, sha256: try file.hash().sha256)
    }

    private static func notAFile(_ name: String, _ kind: FileStatus.Kind) -> Problem {
        Problem(
            file: name, value: kind.rawValue, rule: "only ordinary files are taken, and this is a \(kind.rawValue)",
            remedy: kind == .symbolicLink ? "Drop the file that the link points to." : "Drop a picture file.")
    }

    private static func unreadable(_ name: String, _ error: FileError) -> Problem {
        Problem(
            file: name, value: "\(error.code)", rule: "Hotreel cannot read this file",
            remedy: "Ask your admin to let Hotreel's user read what is dropped, then drop it again.")
    }
}
