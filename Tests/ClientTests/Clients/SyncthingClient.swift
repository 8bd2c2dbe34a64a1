extension Client {
    /// The sender's folder in step with the inbox's. It has done its part when the receiver says that it has everything.
    ///
    /// Not cut: it sends all files of a folder over one connection, under names of its own, and goes on by itself.
    static let syncthing = [Client(name: "syncthing", put: { $0.synchronized }, putFolder: { $0.synchronized })]
}

extension Upload {
    fileprivate var synchronized: Command {
        let folder = placeFolder.split(separator: "/").dropFirst(2).joined(separator: "/")
        return .shell(
            """
            mkdir -p "$2/$3"
            cp -r "$1" "$2/$3/.incoming.$$"
            mv "$2/$3/.incoming.$$" "$2/$3/$(basename "$1")"
            ask() { curl -fsS -H "X-API-Key: $key" "$@"; }
            key=$4 api=http://127.0.0.1:$5/rest
            ask -X POST "$api/db/scan?folder=drops&sub=$3"
            until ask "$api/db/completion?folder=drops" | grep -q '"completion": 100'; do sleep 0.2; done
            ask "$api/folder/errors?folder=drops" | grep -q '"errors": null'
            """, source, servers.syncthingOutgoing.string, folder, servers.syncthingKey, "\(servers.syncthingAPI[0])")
    }
}
