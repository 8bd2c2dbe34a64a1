import Jobs

/// A part of the inbox that lies on one mount: the inbox itself, or a mount point below it with what is not on yet another.
package struct InboxTree: Hashable, Sendable {
    /// Path of its root below the inbox; empty for the inbox itself.
    package let folder: FileName
    package let mount: MountTable.Mount

    package init(folder: FileName, mount: MountTable.Mount) {
        self.folder = folder
        self.mount = mount
    }

    /// Whether it is the same share, disk or folder, though perhaps mounted anew.
    package func isSamePlace(as other: InboxTree) -> Bool {
        folder == other.folder && mount.type == other.mount.type && mount.source == other.mount.source
            && mount.root == other.mount.root
    }

    /// `nas:/shots (nfs4)`
    package var shown: String {
        mount.source.isEmpty || mount.source == "none" ? mount.type : "\(mount.source) (\(mount.type))"
    }
}

extension MountTable {
    /// The trees of an inbox, itself first; `inbox` is its absolute path without links. Empty where nobody can tell what it lies on.
    ///
    /// What another mount hides is not among them, nor what lies in folders that are passed over.
    package func trees(of inbox: String) -> [InboxTree] {
        guard let base = mount(covering: inbox) else { return [] }
        let start = inbox == "/" ? "/" : inbox + "/"
        var points: Set<String> = []
        var trees: [InboxTree] = []
        for mount in mounts where mount.point.utf8.count > start.utf8.count && mount.point.utf8.starts(with: start.utf8)
        {
            let folder = FileName(bytes: Array(mount.point.utf8.dropFirst(start.utf8.count)))
            guard points.insert(mount.point).inserted, !folder.isPassedOver,
                let top = self.mount(covering: mount.point), top.point == mount.point
            else { continue }
            trees.append(InboxTree(folder: folder, mount: top))
        }
        trees.sort { $0.folder.bytes.lexicographicallyPrecedes($1.folder.bytes) }
        return [InboxTree(folder: "", mount: base)] + trees
    }
}

extension FileName {
    /// Whether this folder, or one on the way to it, is passed over with all that is in it.
    package var isPassedOver: Bool { wayDown.contains { !$0.isEmpty && NameRules.isLitterFolder($0.lastComponent) } }
}
