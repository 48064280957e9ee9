import CCurl

/// The one owner of a curl easy handle, its header list and its error buffer.
///
/// An option that libcurl refuses is kept as the first failure, so that setting twenty of them reads as twenty lines;
/// `problem` is asked once at the end.
@safe struct CurlEasy: ~Copyable {
    /// What libcurl names a transfer by.
    struct ID: Hashable {
        private let address: UInt

        init(_ handle: UnsafeMutableRawPointer) {
            address = UInt(bitPattern: handle)
        }
    }

    let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>
    private var failure = CURLE_OK

    var id: ID { unsafe ID(handle) }

    /// nil when there is no memory.
    init?() {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        unsafe headers = nil
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        note(unsafe lathe_curl_set_error_buffer(handle, errorText))
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headers)
        unsafe errorText.deallocate()
    }

    /// What libcurl refused; nil when it took every option.
    var problem: String? {
        failure == CURLE_OK ? nil : Self.text(failure)
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        note(unsafe lathe_curl_set_long(handle, option, value))
    }

    mutating func set(_ option: CURLoption, offset value: Int64) {
        note(unsafe lathe_curl_set_offset(handle, option, curl_off_t(value)))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        note(unsafe lathe_curl_set_string(handle, option, value))
    }

    /// Sends these fields; a value of nil keeps libcurl from sending a field of its own.
    mutating func setHeaders(_ fields: [(name: String, value: String?)]) {
        for field in fields {
            let line = field.value.map { $0.isEmpty ? "\(field.name);" : "\(field.name): \($0)" } ?? "\(field.name):"
            guard let longer = unsafe curl_slist_append(headers, line) else { return note(CURLE_OUT_OF_MEMORY) }
            unsafe headers = unsafe longer
        }
        note(unsafe lathe_curl_set_headers(handle, headers))
    }

    /// Hands `state` to the four callbacks; it must outlive the transfer.
    mutating func setCallbacks(
        state: UnsafeMutableRawPointer, read: curl_read_callback, seek: curl_seek_callback,
        write: curl_write_callback, header: curl_write_callback, progress: curl_xferinfo_callback
    ) {
        note(unsafe lathe_curl_set_read(handle, read))
        note(unsafe lathe_curl_set_pointer(handle, CURLOPT_READDATA, state))
        note(unsafe lathe_curl_set_seek(handle, seek))
        note(unsafe lathe_curl_set_pointer(handle, CURLOPT_SEEKDATA, state))
        note(unsafe lathe_curl_set_write(handle, write))
        note(unsafe lathe_curl_set_pointer(handle, CURLOPT_WRITEDATA, state))
        note(unsafe lathe_curl_set_header(handle, header))
        note(unsafe lathe_curl_set_pointer(handle, CURLOPT_HEADERDATA, state))
        note(unsafe lathe_curl_set_progress(handle, progress))
        note(unsafe lathe_curl_set_pointer(handle, CURLOPT_XFERINFODATA, state))
        set(CURLOPT_NOPROGRESS, 0)
    }

    /// What went wrong, in libcurl's words: the transfer's own where it left some.
    func explanation(of code: CURLcode) -> String {
        let own = unsafe String(cString: errorText)
        return own.isEmpty ? Self.text(code) : own
    }

    private static func text(_ code: CURLcode) -> String {
        unsafe String(cString: curl_easy_strerror(code))
    }

    private mutating func note(_ code: CURLcode) {
        if failure == CURLE_OK { failure = code }
    }
}
