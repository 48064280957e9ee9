import Glibc
import MediaSandbox
import SystemPackage

// lathe hands over one end of a socket pair as standard input. Anybody else is here by mistake.
guard CommandLine.arguments.count == 1, isUnixSocket(FileDescriptor.standardInput) else {
    complain("lathe-media is started by lathe; run `lathe transcode` instead")
    exit(EX_USAGE)
}
restrictThisProcess()

let channel = Channel(adopting: .standardInput)
exitWhenHungUp(channel)
do throws(ChannelError) {
    try RequestLoop(channel: channel).run()
} catch {
    complain("lathe-media cannot read what lathe asks (\(error)): install both from the same version")
    exit(EX_PROTOCOL)
}
