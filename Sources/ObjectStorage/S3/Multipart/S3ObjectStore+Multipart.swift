import Synchronization

extension S3ObjectStore {
    /// Sends a file as a multipart upload, several parts at once, going on with one that was begun before.
    ///
    /// What fails for good takes the upload back, so that nobody pays for parts without an object. With a journal, what
    /// may be gone on with is left: an outage, a cancellation, a crash.
    func putInParts(
        _ source: SourceFile, _ attributes: ObjectAttributes, journal: (any UploadJournal)?,
        progress: (@Sendable (Int64) -> Void)?
    ) async throws(ObjectStorageError) -> StoredObject {
        let upload: UnfinishedUpload
        switch try await begin(source, attributes, journal) {
        case .completed(let object): return object
        case .unfinished(let begun): upload = begun
        }
        do throws(ObjectStorageError) {
            let parts = try await sendParts(of: upload, source, journal, progress)
            try source.checkUnchanged()
            let object = try await complete(upload, parts, source)
            try await journal?.end(uploadID: upload.uploadID)
            return object
        } catch {
            let canGoOn = journal != nil && (error.isOutage || error.kind == .cancelled)
            if !canGoOn { await takeBack(upload, journal) }
            throw error
        }
    }

    private enum Beginning {
        case unfinished(UnfinishedUpload)
        /// By an earlier call, whose end was not written down.
        case completed(StoredObject)
    }

    /// The upload that the journal has, as far as the store still has it; otherwise a new one.
    private func begin(
        _ source: SourceFile, _ attributes: ObjectAttributes, _ journal: (any UploadJournal)?
    ) async throws(ObjectStorageError) -> Beginning {
        if let known = try await journal?.unfinished(), known.store == name, known.key == source.key {
            if known.uploadID.isEmpty {
                await takeBackAll(of: known.key)
            } else if known.file == source.stamp.identity {
                if let going = try await known.isUsable ? goOn(with: known) : nil { return .unfinished(going) }
                if let object = try await object(madeOf: known) {
                    try await journal?.end(uploadID: known.uploadID)
                    return .completed(object)
                }
            }
            if !known.uploadID.isEmpty { await takeBack(known, journal) }
        }
        let plan = try PartPlan(
            fileBytes: source.stamp.bytes, preferring: client.configuration.partBytes,
            provider: client.identity.provider, key: source.key)
        var upload = UnfinishedUpload(
            store: name, key: source.key, uploadID: "", partBytes: plan.partBytes, file: source.stamp.identity)
        // Whoever dies before the store's answer is written down leaves word that there may be one.
        try await journal?.begin(upload)
        upload.uploadID = try await initiate(source.key, attributes)
        do throws(ObjectStorageError) {
            try await journal?.begin(upload)
        } catch {
            // Nobody would know of it.
            await takeBack(upload, nil)
            throw error
        }
        return .unfinished(upload)
    }

    /// - Returns: nil where the upload is gone, and where the store will not say: a new one needs none of its parts.
    private func goOn(with known: UnfinishedUpload) async throws(ObjectStorageError) -> UnfinishedUpload? {
        do throws(ObjectStorageError) {
            return try await reconcile(known)
        } catch {
            guard [.accessDenied, .rejected, .unexpectedAnswer].contains(error.kind) else { throw error }
            return nil
        }
    }

    /// Sends the parts that the store does not have.
    ///
    /// - Returns: All parts in their order.
    private func sendParts(
        of upload: UnfinishedUpload, _ source: SourceFile, _ journal: (any UploadJournal)?,
        _ progress: (@Sendable (Int64) -> Void)?
    ) async throws(ObjectStorageError) -> [UploadedPart] {
        let plan = PartPlan(fileBytes: source.stamp.bytes, partBytes: upload.partBytes)
        let known = Dictionary(upload.parts.map { ($0.number, $0) }) { $1 }
        let meter = progress.map { PartProgress(plan, has: known.keys, report: $0) }
        var missing = (1...plan.count).filter { known[$0] == nil }[...]
        var sent: [UploadedPart] = []
        var failure: ObjectStorageError?
        await withTaskGroup(of: Result<UploadedPart, ObjectStorageError>.self) { group in
            func sendNext() {
                guard failure == nil, let number = missing.popFirst() else { return }
                let slice = FileSlice(source, plan.range(of: number))
                group.addTask {
                    await Result { () async throws(ObjectStorageError) in
                        let part = try await self.sendPart(number, slice, upload.uploadID) {
                            meter?.note($0, of: number)
                        }
                        try await journal?.add(part, to: upload.uploadID)
                        return part
                    }
                }
            }
            for _ in 0..<max(1, client.configuration.connections) { sendNext() }
            while let result = await group.next() {
                switch result {
                case .success(let part): sent.append(part)
                case .failure(let error):
                    // The others are ended by the first, and say so.
                    if failure == nil { failure = error }
                    group.cancelAll()
                }
                sendNext()
            }
        }
        if let failure { throw failure }
        return (Array(known.values) + sent).sorted { $0.number < $1.number }
    }

    private func sendPart(
        _ number: Int, _ slice: FileSlice, _ uploadID: String, progress: @escaping @Sendable (Int64) -> Void
    ) async throws(ObjectStorageError) -> UploadedPart {
        var request = S3Request(
            action: "put part \(number) of \(ObjectKey.quoted(slice.source.key))", method: .put,
            key: try wholeKey(slice.source.key), query: [("partNumber", "\(number)"), ("uploadId", uploadID)])
        request.progress = progress
        let sent = try await send(slice, as: request)
        guard let etag = sent.etag else {
            throw ObjectStorageError(
                .unexpectedAnswer, "cannot \(request.action) in \(client.place): the answer has no ETag")
        }
        return UploadedPart(number: number, etag: etag, crc32c: sent.crc32c?.base64)
    }
}

/// Adds up how far the parts of a file are.
private final class PartProgress: Sendable {
    private let sent: Mutex<[Int: Int64]>
    private let report: @Sendable (Int64) -> Void

    init(_ plan: PartPlan, has parts: some Sequence<Int>, report: @escaping @Sendable (Int64) -> Void) {
        sent = Mutex(Dictionary(uniqueKeysWithValues: parts.map { ($0, Int64(plan.range(of: $0).count)) }))
        self.report = report
    }

    func note(_ bytes: Int64, of part: Int) {
        report(
            sent.withLock { sent in
                sent[part] = bytes
                return sent.values.reduce(0, +)
            })
    }
}

extension Result where Failure == ObjectStorageError {
    /// As `Result(catching:)`, which is not there for asynchronous work.
    fileprivate init(_ work: () async throws(ObjectStorageError) -> Success) async {
        do {
            self = .success(try await work())
        } catch {
            self = .failure(error)
        }
    }
}
