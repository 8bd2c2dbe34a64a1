import ArgumentParser
import Folders
import Foundation
import Jobs

/// The sysexits(3) codes Hotreel ends with.
enum ExitStatus: Int32 {
    /// The call itself is not clear.
    case usage = 64
    /// A drop is not fit to send, or a report came for it.
    case dataError = 65
    /// There is no such job.
    case noInput = 66
    /// A share, a program or the API is not fit, or cannot be reached.
    case unavailable = 69
    case software = 70
    /// What should be made cannot be, or its name is taken.
    case cannotCreate = 73
    case ioError = 74
    /// Another Hotreel is at work, the job is not in a state for this, or the time to wait is over.
    case temporaryFailure = 75
    case configuration = 78

    /// Says `message` on standard error and gives the code to throw.
    func because(_ message: String) -> ExitCode {
        FileHandle.standardError.write(Data("hotreel: \(message)\n".utf8))
        return ExitCode(rawValue)
    }
}

/// Runs a command's work and turns what it throws into words and an exit code, in this one place.
func explainingErrors<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
        return try await work()
    } catch let error as ConfigurationError {
        throw ExitStatus.configuration.because("\(error)")
    } catch let error as JobStoreError {
        switch error {
        case .unusable(let why): throw ExitStatus.configuration.because(why)
        case .unavailable: throw ExitStatus.ioError.because("\(error)")
        case .lostRace, .illegal: throw ExitStatus.temporaryFailure.because("\(error)")
        case .violated: throw ExitStatus.software.because("\(error)")
        }
    } catch let error as FileError {
        throw (error.code == .noSuchFileOrDirectory ? ExitStatus.noInput : .ioError).because("\(error)")
    } catch let error where !(error is ExitCode) && !(error is CleanExit) && !(error is ValidationError) {
        throw ExitStatus.software.because("\(error)")
    }
}
