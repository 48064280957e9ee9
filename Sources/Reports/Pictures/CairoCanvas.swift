import CCairo

/// Draws pixels with cairo and gives them as a PNG. Owns a `cairo_t`, which owns its surface.
@safe
struct CairoCanvas: Canvas, ~Copyable {
    private let pointer: OpaquePointer

    /// A canvas of `width` × `height` points, each `scale` pixels wide and high, all background.
    ///
    /// - Throws: `PictureError` when memory runs out or the size is beyond cairo's 32,767 pixels.
    init(width: Double, height: Double, scale: Double) throws(PictureError) {
        guard (1...32_767).contains(width * scale), (1...32_767).contains(height * scale) else {
            throw PictureError("a picture of \(Figure.decimal(width, 0)) by \(Figure.decimal(height, 0)) is too large")
        }
        let canvas = try CairoCanvas(
            pixelsWide: Int32((width * scale).rounded(.up)), high: Int32((height * scale).rounded(.up)))
        try canvas.check()
        unsafe cairo_scale(canvas.pointer, scale, scale)
        canvas.fill(Area(x: 0, y: 0, width: width, height: height), .background)
        self = canvas
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(pixelsWide width: Int32, high height: Int32) throws(PictureError) {
        let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)
        // The context keeps the surface, or its error, from here on.
        defer { unsafe cairo_surface_destroy(surface) }
        guard let context = unsafe cairo_create(surface) else { throw PictureError("out of memory") }
        unsafe pointer = context
    }

    deinit {
        unsafe cairo_destroy(pointer)
    }

    /// What was drawn as the bytes of a PNG file.
    ///
    /// - Throws: `PictureError` when anything of it failed.
    consuming func png() throws(PictureError) -> [UInt8] {
        try check()
        var bytes: [UInt8] = []
        let status = unsafe withUnsafeMutablePointer(to: &bytes) { target in
            unsafe cairo_surface_write_to_png_stream(
                cairo_get_target(pointer),
                { target, data, length in
                    guard let target = unsafe target, let data = unsafe data else { return CAIRO_STATUS_WRITE_ERROR }
                    unsafe target.assumingMemoryBound(to: [UInt8].self).pointee.append(
                        contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
                    return CAIRO_STATUS_SUCCESS
                }, target)
        }
        guard status == CAIRO_STATUS_SUCCESS else { throw PictureError(status) }
        return bytes
    }

    /// cairo draws nothing after its first error, and tells it when asked.
    private func check() throws(PictureError) {
        let status = unsafe cairo_status(pointer)
        guard status == CAIRO_STATUS_SUCCESS else { throw PictureError(status) }
    }

    func fill(_ area: Area, _ paint: Paint) {
        use(paint)
        unsafe cairo_rectangle(pointer, area.x, area.y, area.width, area.height)
        unsafe cairo_fill(pointer)
    }

    func fill(_ outline: [Point], _ paint: Paint) {
        use(paint)
        trace(outline)
        unsafe cairo_close_path(pointer)
        unsafe cairo_fill(pointer)
    }

    func stroke(_ line: [Point], _ paint: Paint, width: Double, isDashed: Bool) {
        use(paint)
        trace(line)
        unsafe cairo_set_line_width(pointer, width)
        unsafe cairo_set_line_join(pointer, CAIRO_LINE_JOIN_ROUND)
        let dashes = isDashed ? [5.0, 4] : []
        unsafe cairo_set_dash(pointer, dashes, Int32(dashes.count), 0)
        unsafe cairo_stroke(pointer)
    }

    func write(_ text: String, at place: Point, _ paint: Paint, _ style: TextStyle) {
        use(paint)
        // Where no font is installed cairo writes with a small one of its own.
        unsafe cairo_select_font_face(
            pointer, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
            style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        unsafe cairo_set_font_size(pointer, style.size)
        var size = cairo_text_extents_t()
        unsafe cairo_text_extents(pointer, text, &size)
        let shift =
            switch style.anchor {
            case .start: 0.0
            case .middle: size.x_advance / 2
            case .end: size.x_advance
            }
        unsafe cairo_move_to(pointer, place.x - shift, place.y)
        unsafe cairo_show_text(pointer, text)
        unsafe cairo_new_path(pointer)
    }

    private func trace(_ points: [Point]) {
        unsafe cairo_new_path(pointer)
        for point in points { unsafe cairo_line_to(pointer, point.x, point.y) }
    }

    private func use(_ paint: Paint) {
        let (colour, opacity) = paint.light
        func part(_ shift: UInt32) -> Double { Double(colour >> shift & 255) / 255 }
        unsafe cairo_set_source_rgba(pointer, part(16), part(8), part(0), opacity)
    }
}

/// Why a picture could not be drawn.
package struct PictureError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ status: cairo_status_t) {
        description = unsafe String(cString: cairo_status_to_string(status))
    }
}
