import Confinement
import Glibc
import MediaContract
import MediaSandbox
import SystemPackage

// lathe hands over one end of a socket pair as standard input. Anybody else is here by mistake.
guard let limits = ResourceLimits(arguments: CommandLine.arguments.dropFirst()), isUnixSocket(.standardInput) else {
    complain("lathe-media is started by lathe; run `lathe transcode` instead")
    exit(EX_USAGE)
}
settleSignals()
Rehearsal.run()
let confinement = Confinement.apply(limits)

let channel = Channel(adopting: .standardInput)
exitWhenHungUp(channel)
do throws(ChannelError) {
    try channel.send(.hello(confinement))
    try RequestHandler(channel: channel).run()
} catch {
    complain("lathe-media cannot read what lathe asks (\(error)): install both from the same version")
    exit(EX_PROTOCOL)
}
// No exit handlers: those of 150 libraries have nothing to do here, and lathe waits.
_exit(EX_OK)
