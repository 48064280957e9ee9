#ifndef LATHE_CCURL_SHIM_H
#define LATHE_CCURL_SHIM_H

#include <curl/curl.h>

// curl_easy_setopt is variadic and Swift imports no variadic C function: one wrapper for each type an option takes.
// The wrapper's parameter type is what C's default promotions would otherwise get wrong (long against curl_off_t).

static inline CURLcode lathe_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode lathe_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

// libcurl copies the string.
static inline CURLcode lathe_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

// For the void * that comes back as the last argument of a callback; libcurl does not look behind it.
static inline CURLcode lathe_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

// CURLOPT_ERRORBUFFER: CURL_ERROR_SIZE bytes that outlive the handle.
static inline CURLcode lathe_curl_set_error_buffer(CURL *easy, char *buffer) {
    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

// libcurl does not copy the list: it must outlive the transfer.
static inline CURLcode lathe_curl_set_headers(CURL *easy, struct curl_slist *headers) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

// Function pointers, one wrapper a signature, so that Swift checks the callback's type.

static inline CURLcode lathe_curl_set_read(CURL *easy, curl_read_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
}

static inline CURLcode lathe_curl_set_seek(CURL *easy, curl_seek_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

static inline CURLcode lathe_curl_set_write(CURL *easy, curl_write_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
}

static inline CURLcode lathe_curl_set_header(CURL *easy, curl_write_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
}

static inline CURLcode lathe_curl_set_progress(CURL *easy, curl_xferinfo_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, callback);
}

// curl_easy_getinfo is variadic too, and writes through a pointer whose type depends on the item asked for.
static inline CURLcode lathe_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

// curl_multi_setopt is variadic as well; every multi option used here takes a long.
static inline CURLMcode lathe_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

#endif
