extension Client {
    /// Programs on the server itself; and, since it writes to the server's disk in the same way, what comes over NFS.
    static let local = [
        Client(
            name: "cp", put: { Command("cp", $0.source, $0.target) },
            putFolder: { Command("cp", "-r", $0.source, $0.target) }),
        Client(name: "cp-preserving", put: { Command("cp", "-p", $0.source, $0.target) }),
        // On the same file system, one rename.
        Client(
            name: "mv", put: { $0.moving }, putFolder: { $0.moving },
            move: { Command("mv", $2.root.appending($0).string, $2.root.appending($1).string) }),
        // From a disk in memory, which makes it a copy.
        Client(
            name: "mv-across",
            put: {
                .shell(
                    "moving=$(mktemp -p /dev/shm) && cp \"$1\" \"$moving\" && mv \"$moving\" \"$2\"", $0.source,
                    $0.target)
            }),
        Client(name: "install", put: { Command("install", "-m", "644", $0.source, $0.target) }),
        // The name on the desk stays, and is the same file.
        Client(
            name: "ln", put: { .shell("cp \"$1\" \"$1.linked\" && ln -f \"$1.linked\" \"$2\"", $0.source, $0.target) }),
        Client(name: "tar", put: { $0.tar }, putFolder: { $0.tar }),
        Client(name: "unzip", put: { $0.unzip }, putFolder: { $0.unzip }),
        Client(
            name: "copy2",
            put: {
                Command(
                    "/usr/bin/python3", "-c", "import shutil, sys; shutil.copy2(*sys.argv[1:])", $0.source, $0.target)
            }),
        // Opened, appended to and closed again and again: each close could be the last.
        Client(
            name: "dd", put: { .shell(": >\"$2\"\n" + appending, $0.source, $0.target, "0.4") },
            slowly: { .shell(": >\"$2\"\n" + appending, $0.source, $0.target, "0.8") },
            resume: { .shell(appending, $0.source, $0.target, "0.1") }, isInPlace: true),
        // Held open all the time, and silent for longer than a file has to be quiet.
        Client(
            name: "slow-writer", put: { .python("writers.py", ["slow", $0.source, $0.target, "200000", "1.5"]) },
            slowly: { .python("writers.py", ["slow", $0.source, $0.target, "40000", "0.25"]) },
            resume: { .python("writers.py", ["resumed", $0.source, $0.target, "200000", "0.1"]) }, isInPlace: true),
        Client(
            name: "mapped", put: { .python("writers.py", ["mapped", $0.source, $0.target, "200000", "0.2"]) },
            slowly: { .python("writers.py", ["mapped", $0.source, $0.target, "20000", "0.1"]) }, isInPlace: true),
    ]

    /// In blocks of 100 KB, from where the target ends.
    private static let appending = """
        until have=$(stat -c %s "$2"); [ "$have" -ge "$(stat -c %s "$1")" ]; do
            dd status=none iflag=skip_bytes oflag=append conv=notrunc bs=100000 count=1 skip="$have" if="$1" of="$2"
            sleep "$3"
        done
        """
}

extension Upload {
    fileprivate var moving: Command { .shell("cp -r \"$1\" \"$1.moving\" && mv \"$1.moving\" \"$2\"", source, target) }

    fileprivate var tar: Command {
        .shell("tar -cf - -C \"$1\" \"$2\" | tar -xf - -C \"$3\"", sourceFolder, name, targetFolder)
    }

    fileprivate var unzip: Command {
        .shell(
            "cd \"$1\" && rm -f \"$2.zip\" && zip -q -r \"$2.zip\" \"$2\" && unzip -q -o \"$2.zip\" -d \"$3\"",
            sourceFolder, name,
            targetFolder)
    }
}
