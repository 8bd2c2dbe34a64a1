import Glibc
import SystemPackage

/// The blocks of 512 bytes that a file has on its disk; none when it is gone.
func blocks(of path: FilePath) -> Int {
    var status = stat()
    return path.withPlatformString { lstat($0, &status) } == 0 ? Int(status.st_blocks) : 0
}
