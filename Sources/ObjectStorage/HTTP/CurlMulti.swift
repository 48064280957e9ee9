import CCurl

/// The one owner of a curl multi handle: the connections, the name cache, and the wake-up pipe.
///
/// `@unchecked Sendable`: `wakeUp` may be called from any thread (curl_multi_wakeup(3)); everything else is called
/// from the loop's thread alone. The handle lives until the last reference goes, so that no wake-up can meet a freed
/// handle.
@safe final class CurlMulti: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    /// nil when there is no memory or no descriptor for the wake-up pipe.
    init?(cachedConnections: Int) {
        guard Self.libraryIsReady, let handle = unsafe curl_multi_init() else { return nil }
        unsafe self.handle = unsafe handle
        unsafe lathe_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, cachedConnections)
    }

    deinit {
        unsafe curl_multi_cleanup(handle)
    }

    /// Ends a running or the next `wait`.
    func wakeUp() {
        unsafe curl_multi_wakeup(handle)
    }

    /// Waits until a socket is ready, a timer of libcurl's is due, somebody wakes us, or the time is over.
    func wait(milliseconds: Int32) {
        unsafe curl_multi_poll(handle, nil, 0, milliseconds, nil)
    }

    /// Moves every transfer as far as it goes without waiting.
    func perform() {
        var running: Int32 = 0
        unsafe curl_multi_perform(handle, &running)
    }

    func add(_ easy: borrowing CurlEasy) -> Bool {
        unsafe curl_multi_add_handle(handle, easy.handle) == CURLM_OK
    }

    /// After it libcurl calls no callback of this transfer any more.
    func remove(_ easy: borrowing CurlEasy) {
        unsafe curl_multi_remove_handle(handle, easy.handle)
    }

    /// The next transfer that has ended, and how.
    func nextEnded() -> (id: CurlEasy.ID, code: CURLcode)? {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(handle, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                continue
            }
            return unsafe (CurlEasy.ID(easy), message.pointee.data.result)
        }
        return nil
    }

    /// curl_global_init is not safe beside itself; a static is made once.
    private static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
