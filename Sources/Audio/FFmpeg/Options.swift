import CFFmpeg
import MediaContract

/// Sets one of FFmpeg's named options on a context, its private ones included.
///
/// - Parameter object: a context whose first member is an `AVClass` pointer.
/// - Throws: `library` when there is no such option: a build of FFmpeg that cannot do what is asked.
func setOption(_ name: String, _ value: String, on object: UnsafeMutableRawPointer) throws(MediaFailure) {
    try check(unsafe av_opt_set(object, name, value, AV_OPT_SEARCH_CHILDREN), "set option \(name) to \(value)")
}
