import Dispatch
import Glibc
import MediaSandbox
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(5))) struct ChannelTests {
    private let near: Channel
    private let far: Channel

    init() throws {
        let (channel, peer) = try Channel.pair()
        near = channel
        far = Channel(adopting: peer)
    }

    /// The largest exceed any socket buffer and cross only while somebody reads.
    @Test(arguments: [1, 65_536, 65_537, Channel.maximumFrameSize])
    func carriesFramesOfEverySize(size: Int) throws {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        // Off the pool: the sender blocks until this test reads.
        let sender = DispatchGroup()
        DispatchQueue(label: "sender").async(group: sender) { [near] in
            #expect(throws: Never.self) { try near.send(payload) }
        }
        #expect(try far.receive()?.payload == payload)
        sender.wait()
    }

    @Test(arguments: [0, Channel.maximumFrameSize + 1])
    func refusesToSendWhatThePeerWouldRefuse(size: Int) {
        #expect(throws: ChannelError.unreadable("a frame of \(size) bytes")) {
            try near.send([UInt8](repeating: 0, count: size))
        }
    }

    private func nextByte(from descriptor: FileDescriptor) throws -> UInt8? {
        var byte: UInt8 = 0
        let count = unsafe try withUnsafeMutableBytes(of: &byte) { unsafe try descriptor.read(into: $0) }
        return count == 1 ? byte : nil
    }

    @Test func keepsFramesAndTheirDescriptorsTogether() throws {
        let pipes = try (0..<3).map { _ in try FileDescriptor.pipe() }
        for (index, pipe) in pipes.enumerated() {
            try near.send([UInt8(index)], descriptors: [pipe.writeEnd])
            try pipe.writeEnd.close()
        }
        for (index, pipe) in pipes.enumerated() {
            let frame = try #require(try far.receive(maximumDescriptors: Channel.maximumDescriptors))
            #expect(frame.payload == [UInt8(index)])
            let descriptor = try #require(frame.descriptors.first)
            #expect(frame.descriptors.count == 1)
            #expect(fcntl(descriptor.rawValue, F_GETFD) & FD_CLOEXEC != 0)
            try descriptor.writeAll([UInt8(index)])
            try descriptor.close()
            #expect(try nextByte(from: pipe.readEnd) == UInt8(index))
            try pipe.readEnd.close()
        }
    }

    @Test func discardsDescriptorsThatAreNotExpected() throws {
        let pipe = try FileDescriptor.pipe()
        try near.send([1], descriptors: [pipe.writeEnd])
        try pipe.writeEnd.close()
        #expect(try far.receive()?.descriptors.isEmpty == true)
        // Nobody holds the writing end any more, so the pipe is at its end.
        #expect(try nextByte(from: pipe.readEnd) == nil)
        try pipe.readEnd.close()
    }

    @Test func tellsTheEndOfAConversationFromABrokenOne() throws {
        try near.send([1, 2, 3])
        near.hangUp()
        #expect(try far.receive()?.payload == [1, 2, 3])
        #expect(try far.receive() == nil)

        let (channel, peer) = try Channel.pair()
        try peer.writeAll([0, 0, 0, 9, 1])
        try peer.close()
        #expect(throws: ChannelError.closed) { try channel.receive() }
    }

    @Test func reportsAPeerThatIsGoneInsteadOfDying() {
        far.hangUp()
        #expect(throws: ChannelError.closed) { try near.send([1]) }
    }

    @Test func givesUpAtTheDeadline() throws {
        let soon = SuspendingClock().now.advanced(by: .milliseconds(50))
        #expect(throws: ChannelError.timedOut) { try far.receive(deadline: soon) }
        // More than the socket takes while nobody reads.
        #expect(throws: ChannelError.timedOut) {
            try near.send([UInt8](repeating: 0, count: Channel.maximumFrameSize), deadline: soon)
        }
    }
}
