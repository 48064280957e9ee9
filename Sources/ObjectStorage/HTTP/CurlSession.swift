/// HTTP for the whole process: one thread that owns every connection, and an asynchronous face.
///
/// Connections are kept and used again. File content is read and written on this thread, straight between descriptor
/// and libcurl's buffer; nothing else on it waits.
package final class CurlSession: Sendable {
    /// The session stores use unless they are given another.
    private static let sharedResult = Result { () throws(ObjectStorageError) in try CurlSession() }

    private let loop: CurlLoop

    /// - Parameter maximumTransfers: Transfers under way at once; more wait in line, first come, first served. Each
    ///   takes at most 512 KiB of buffers.
    /// - Throws: `localIO` when there are no descriptors or threads left.
    package init(maximumTransfers: Int = 64) throws(ObjectStorageError) {
        guard let multi = CurlMulti(cachedConnections: maximumTransfers) else {
            throw ObjectStorageError(.localIO, "cannot start HTTP: no memory or no file descriptors left")
        }
        let loop = CurlLoop(multi: multi, maximumTransfers: maximumTransfers)
        self.loop = loop
        guard DedicatedThread.start({ loop.run() }) else {
            throw ObjectStorageError(.localIO, "cannot start HTTP: no thread left; raise the limit of processes")
        }
    }

    deinit {
        loop.stop()
    }

    /// The process's one session.
    package static func shared() throws(ObjectStorageError) -> CurlSession {
        try sharedResult.get()
    }

    /// Sends a request and waits for the response. When it returns or throws, libcurl has let go of the request's
    /// descriptors.
    func exchange(_ request: HTTPRequest) async throws(ExchangeError) -> HTTPResponse {
        let cancellation = CancellationFlag()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(CurlTransfer(request, cancellation: cancellation, continuation: continuation))
            }
        } onCancel: {
            cancellation.set()
            loop.noticeCancellation()
        }
        return try outcome.get()
    }
}
