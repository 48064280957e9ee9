import FoundationEssentials
import MediaContract
package import SystemPackage

extension Channel {
    /// The request this process was asked, with its descriptors, or nil where the asker is done.
    ///
    /// - Throws: ``ChannelError/unreadable(_:)`` when a request came that this version does not know, or with another
    ///   number of descriptors than it needs. The caller closes the descriptors it gets.
    package func receiveRequest() throws(ChannelError) -> (request: MediaRequest, descriptors: [FileDescriptor])? {
        guard let frame = try receive(maximumDescriptors: Self.maximumDescriptors) else { return nil }
        do throws(ChannelError) {
            let request = try Self.decode(MediaRequest.self, from: frame.payload)
            guard request.descriptorCount == frame.descriptors.count else {
                throw ChannelError.unreadable("a request with \(frame.descriptors.count) descriptors")
            }
            return (request, frame.descriptors)
        } catch {
            for descriptor in frame.descriptors { try? descriptor.close() }
            throw error
        }
    }

    /// Answers the request that is being worked on.
    package func send(_ answer: MediaAnswer) throws(ChannelError) {
        try send(Self.encode(answer))
    }

    /// Asks for something. The descriptors are in the order that ``MediaRequest`` documents.
    func send(
        _ request: MediaRequest, descriptors: [FileDescriptor], deadline: SuspendingClock.Instant
    ) throws(ChannelError) {
        try send(Self.encode(request), descriptors: descriptors, deadline: deadline)
    }

    /// The next answer, or nil where the peer closed the conversation. Descriptors sent with an answer are discarded.
    func receiveAnswer(deadline: SuspendingClock.Instant) throws(ChannelError) -> MediaAnswer? {
        guard let frame = try receive(deadline: deadline) else { return nil }
        return try Self.decode(MediaAnswer.self, from: frame.payload)
    }

    private static func encode(_ message: some Encodable) throws(ChannelError) -> [UInt8] {
        do {
            return try [UInt8](JSONEncoder().encode(message))
        } catch {
            throw .unreadable("a message that JSON cannot hold")
        }
    }

    private static func decode<Message: Decodable>(
        _ type: Message.Type, from payload: [UInt8]
    ) throws(ChannelError) -> Message {
        do {
            return try JSONDecoder().decode(type, from: Data(payload))
        } catch {
            throw .unreadable("\(payload.count) bytes that are no message")
        }
    }
}
