import Foundation
import Jobs
import Logging
import MediaContract
import MediaSandbox
import ObjectStorage
import Postgres
import SystemPackage

/// Ships one master or cover from local disk to object storage and writes its URL to the track or release.
struct UploadWorker: JobHandler {
    let catalogue: Catalogue
    let store: any ObjectStore
    let sandbox: MediaSandbox
    let roots: UploadRoots

    func run(_ job: ClaimedJob) async -> JobOutcome {
        do {
            let target: UUID = try job.row.decode("target_entity_id")
            let path: String = try job.row.decode("local_path")
            return switch try job.row.decode("job_type", as: String?.self) {
            case "AUDIO"?: try await uploadMaster(path, of: target, job)
            case "COVER_ART"?: try await uploadCover(path, of: target, job)
            case let other: .fail("job_type \(other ?? "NULL") is not known here; AUDIO and COVER_ART are")
            }
        } catch {
            return .failure(error)
        }
    }

    private func uploadMaster(_ path: String, of track: UUID, _ job: ClaimedJob) async throws -> JobOutcome {
        guard try await catalogue.trackExists(track) else {
            return .fail("there is no track \(track.lowercased): it was deleted or never existed")
        }
        let file = try roots.open(path)
        // Measured before the inspection: a file that grows meanwhile is not the one that was inspected.
        let bytes = try FileStatus(of: file.descriptor).bytes
        let audio = try await sandbox.inspectAudio(file.descriptor)
        let object = try await ship(
            file, bytes, to: "audio/\(job.id.lowercased).\(audio.format.container)",
            contentType: audio.format.contentType, job)
        return .done { transaction in
            let isCurrent = try Catalogue.storeMaster(
                track: track, url: object.url, durationSeconds: audio.durationSeconds, job: job.id, in: transaction)
            try Catalogue.storeObject(job: job.id, key: object.key, bytes: bytes, in: transaction)
            try Catalogue.ringProcessing(forUploadOf: track, in: transaction)
            return Self.summary(path, bytes, object.url, isCurrent: isCurrent)
        }
    }

    private func uploadCover(_ path: String, of release: UUID, _ job: ClaimedJob) async throws -> JobOutcome {
        guard try await catalogue.releaseExists(release) else {
            return .fail("there is no release \(release.lowercased): it was deleted or never existed")
        }
        let file = try roots.open(path)
        let bytes = try FileStatus(of: file.descriptor).bytes
        let format = try await sandbox.inspectImage(file.descriptor).format
        let object = try await ship(
            file, bytes, to: "cover_art/\(job.id.lowercased).\(format.fileExtension)",
            contentType: format.contentType, job)
        return .done { transaction in
            let isCurrent = try Catalogue.storeCover(release: release, url: object.url, job: job.id, in: transaction)
            try Catalogue.storeObject(job: job.id, key: object.key, bytes: bytes, in: transaction)
            try Catalogue.ringProcessing(forUploadOf: release, in: transaction)
            return Self.summary(path, bytes, object.url, isCurrent: isCurrent)
        }
    }

    /// Puts the file under a key that only this job has, so that doing it twice is harmless.
    private func ship(
        _ file: borrowing OpenFile, _ bytes: Int64, to key: String, contentType: String, _ job: ClaimedJob
    ) async throws -> (key: String, url: String) {
        _ = try await store.put(
            file.descriptor, length: bytes, key: key, attributes: ObjectAttributes(contentType: contentType),
            journal: MultipartJournal(database: catalogue.database, job: job), progress: nil)
        return (key, store.publicURL(for: key))
    }

    private static func summary(_ path: String, _ bytes: Int64, _ url: String, isCurrent: Bool) -> String {
        isCurrent
            ? "\(path) (\(bytes) bytes) is now \(url)"
            : "\(path) is stored as \(url); a later upload came before it and stays in the catalogue"
    }
}
