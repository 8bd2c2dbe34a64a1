import Foundation
import SystemPackage
import TestKit

extension Servers {
    /// What is put in here comes to the inbox.
    var syncthingOutgoing: FilePath { house["syncthing/outgoing"] }
    var syncthingKey: String { "key" }

    /// Two that know each other and nobody else: the sender's folder and the inbox's are to hold the same. So what Hotreel takes
    /// from the one is deleted in the other too.
    func syncthingPair() async throws -> [Server] {
        // The mark by which Syncthing knows that the folder is not just a mount point.
        for folder in [syncthingOutgoing, syncthingFolder] {
            try FileManager.default.createDirectory(
                atPath: folder.appending(".stfolder").string, withIntermediateDirectories: true)
        }
        let homes = [house["syncthing/sender"], house["syncthing/receiver"]]
        var devices: [String] = []
        for home in homes {
            // It says on standard error that all is well.
            try await Command.shell("syncthing generate --no-default-folder --home=\"$1\" 2>&1", home.string).run()
            let device = try await Command("syncthing", "--home=\(home)", "--device-id").run()
            devices.append(device.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return try zip(homes, [syncthingOutgoing, syncthingFolder]).enumerated().map { number, places in
            let (home, folder) = places
            try house.write(
                configuration(folder: folder, devices: devices, number: number), to: home.appending("config.xml"))
            return Server(
                Command("syncthing", "serve", "--no-browser", "--no-restart", "--home=\(home)"),
                port: syncthingAPI[number])
        }
    }

    private func configuration(folder: FilePath, devices: [String], number: Int) -> String {
        """
        <configuration version="36">
          <folder id="drops" path="\(folder)" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="1">
            <device id="\(devices[0])"/>
            <device id="\(devices[1])"/>
            <minDiskFree unit="%">0</minDiskFree>
          </folder>
          <device id="\(devices[0])"><address>tcp://127.0.0.1:\(syncthing[0])</address></device>
          <device id="\(devices[1])"><address>tcp://127.0.0.1:\(syncthing[1])</address></device>
          <gui enabled="true" tls="false">
            <address>127.0.0.1:\(syncthingAPI[number])</address>
            <apikey>\(syncthingKey)</apikey>
          </gui>
          <options>
            <listenAddress>tcp://127.0.0.1:\(syncthing[number])</listenAddress>
            <globalAnnounceEnabled>false</globalAnnounceEnabled>
            <localAnnounceEnabled>false</localAnnounceEnabled>
            <relaysEnabled>false</relaysEnabled>
            <natEnabled>false</natEnabled>
            <stunServer></stunServer>
            <startBrowser>false</startBrowser>
            <urAccepted>-1</urAccepted>
            <crashReportingEnabled>false</crashReportingEnabled>
            <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
            <reconnectionIntervalS>1</reconnectionIntervalS>
          </options>
        </configuration>

        """
    }
}
