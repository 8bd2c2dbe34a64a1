extension Client {
    /// The sender's folder in step with the inbox's. It has done its part when the receiver says that it has everything.
    static let syncthing = [
        Client(
            name: "syncthing",
            put: { upload in
                let folder = upload.place.split(separator: "/")[2...].dropLast().joined(separator: "/")
                let servers = upload.servers
                return .shell(
                    """
                    mkdir -p "$2/$3"
                    cp "$1" "$2/$3/.incoming.$$"
                    mv "$2/$3/.incoming.$$" "$2/$3/$(basename "$1")"
                    api=http://127.0.0.1:$5/rest
                    curl -fsS -H "X-API-Key: $4" -X POST "$api/db/scan?folder=drops&sub=$3"
                    until curl -fsS -H "X-API-Key: $4" "$api/db/completion?folder=drops" | grep -q '"completion": 100'; do sleep 0.2; done
                    curl -fsS -H "X-API-Key: $4" "$api/folder/errors?folder=drops" | grep -q '"errors": null'
                    """, upload.source, servers.syncthingOutgoing.string, folder, servers.syncthingKey,
                    "\(servers.syncthingAPI[0])")
            })
    ]
}
