import MediaContract

/// What the samples hold against what the file claims, and what stores ask of a file.
extension MeasuredTrack {
    var resolutionFindings: [Finding] {
        guard format.isLossless else { return [] }
        return [paddingFinding, spectrumFinding].compactMap(\.self)
    }

    /// 20 bits in 24 are what many converters gave, 24 in 32 what every one gives; 16 in 24 are a CD.
    private var paddingFinding: Finding? {
        guard let declared = format.bitsPerSample, let effective = analysis.effectiveBits,
            declared > 16 && effective <= 16 || declared == 16 && effective <= 8
        else { return nil }
        return Finding(
            .warn, .paddedBits, "the samples of \(declared) bits carry only \(effective)", measured: Double(effective),
            threshold: Double(declared), unit: "bits", sources: [.appleResolution])
    }

    private var spectrumFinding: Finding? {
        let half = Double(format.sampleRate) / 2
        guard let cutoff = analysis.spectrum?.cutoff,
            // Audio of a low rate ends where encoders cut that of others.
            format.sampleRate >= 44_100 || cutoff < Self.leastPassBand * half
        else { return nil }
        let end = "the spectrum ends in a cliff at \(Figure.kilohertz(cutoff))"
        func finding(_ severity: Finding.Severity, _ code: Finding.Code, _ why: String, below limit: Double) -> Finding
        {
            let source = code == .upsampled ? Source.appleResolution : .bitRateStudy
            return Finding(
                severity, code, "\(end)\(why)", measured: cutoff, threshold: limit, unit: "Hz", sources: [source])
        }
        switch cutoff {
        case ..<Self.lossyStart:
            return finding(.note, .bandLimited, ", below what encoders for music leave", below: Self.lossyStart)
        case ..<Self.lossyEnd:
            return finding(.warn, .lossySource, ", as lossy encoders leave it", below: Self.lossyEnd)
        case ..<Self.encodersEnd:
            return finding(
                .note, .bandLimited, ", as encoders at 320 kbit/s and some rate converters leave it",
                below: Self.encodersEnd)
        default:
            guard format.sampleRate > 44_100, cutoff < Self.leastPassBand * half else { return nil }
            let why = ", short of the \(Figure.kilohertz(half)) of its sample rate: it was resampled or encoded"
            return finding(.warn, .upsampled, why, below: Self.leastPassBand * half)
        }
    }

    /// Hertz. Encoders for music keep 11 kHz and more, even at 64 kbit/s; a synthesizer may well end below.
    private static let lossyStart = 10_000.0
    /// Hertz. Below, no usual rate converter to 44.1 kHz begins to fall; MP3 at 256 kbit/s ends here (measured).
    private static let lossyEnd = 19_800.0
    /// Hertz. LAME's lowpass at 320 kbit/s is 20.1 to 20.6 kHz (measured), the highest of the usual encoders.
    private static let encodersEnd = 20_700.0
    /// Of half the sample rate: the filters of converters to that rate begin to fall above it.
    private static let leastPassBand = 0.92

    var formatFindings: [Finding] {
        [lossyFinding, rateFinding, depthFinding, channelCountFinding, lengthFinding].compactMap(\.self)
            + structureFindings
    }

    private var lossyFinding: Finding? {
        guard !format.isLossless else { return nil }
        return Finding(
            .warn, .lossyMaster, "the master is \(format.codec), a lossy format: every further encoding loses more",
            sources: [.spotifyFormats])
    }

    private var rateFinding: Finding? {
        guard format.sampleRate < 44_100 else { return nil }
        return Finding(
            .warn, .lowSampleRate, "the sample rate is \(format.sampleRate) Hz", measured: Double(format.sampleRate),
            threshold: 44_100, unit: "Hz", sources: [.spotifyRate])
    }

    private var depthFinding: Finding? {
        guard let bits = format.bitsPerSample, bits < 16 else { return nil }
        return Finding(
            .warn, .lowBitDepth, "the samples have \(bits) bits", measured: Double(bits), threshold: 16, unit: "bits",
            sources: [.spotifyDepth])
    }

    private var channelCountFinding: Finding? {
        let count = Double(format.channels)
        return switch format.channels {
        case 1:
            Finding(
                .note, .mono, "the file has one channel; stores take two", measured: count, threshold: 2,
                unit: "channels", sources: [.spotifyChannels])
        case 2: nil
        default:
            Finding(
                .warn, .surround,
                "the audio has \(format.channels) channels (\(format.channelLayout)); renditions are mixed down to two",
                measured: count, threshold: 2, unit: "channels", sources: [.spotifyChannels])
        }
    }

    private var lengthFinding: Finding? {
        guard inspection.duration < 30 else { return nil }
        return Finding(
            .note, .short, "the track lasts \(Figure.seconds(inspection.duration))", measured: inspection.duration,
            threshold: 30, unit: "s", sources: [.distributorLength])
    }

    /// What is odd about the file itself. The number of channels has a finding of its own.
    private var structureFindings: [Finding] {
        inspection.warnings.filter {
            $0 != "the audio has \(format.channels) channels (\(format.channelLayout))"
        }.map {
            Finding(
                .note, .fileStructure, $0,
                sources: [.house("players that believe the header play something else than Lathe measured")])
        }
    }
}
