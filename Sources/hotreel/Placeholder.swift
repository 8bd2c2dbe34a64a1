@main struct Hotreel { static func main() { print("hotreel") } }
import ArgumentParser
import Configuration
