
import Testing
import Jobs
import Glibc
@testable import Media
@Test func throwaway() async throws {
    let w = try PictureWorkshop()
    let clock = ContinuousClock()
    func rss() -> Int { var u = rusage(); getrusage(0, &u); return u.ru_maxrss / 1024 }
    let limits = ImageLimits(formats: [.jpeg, .png], maxBytes: 10_000_000, minSide: 300, minAspectRatio: 0.4, maxAspectRatio: 2.5)
    for (n, size, o) in [("big.tif","12000x8000",["-pix_fmt","rgb48le","-compression_algo","raw"]), ("noise.jpg","6000x4000",["-q:v","1"]), ("big.png", "6000x4000", ["-pix_fmt","rgb48be"])] {
        let p = try await w.ffmpeg(n, size: size, noise: n == "big.tif" ? 0 : 40, options: o)
        print(n, try RegularFile(p).size, "start rss", rss())
        print(clock.measure { print((try? Wholeness.inspect(p)) as Any) }, rss())
        let t = try await clock.measure { print(try await ImageFitter.fit(p, into: w.path(n + ".out"), limits: limits)) }
        print(t, rss())
    }
}
