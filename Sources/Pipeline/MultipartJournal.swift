import Foundation
import Jobs
import ObjectStorage
import Postgres

/// Keeps in Postgres how far a job's upload in parts has come. Each write is that of the lease's holder alone.
struct MultipartJournal: UploadJournal {
    let database: Database
    let job: ClaimedJob

    func unfinished() async throws(ObjectStorageError) -> UnfinishedUpload? {
        try await keeping { transaction in
            guard let row = try transaction.query("SELECT * FROM multipart_uploads WHERE job_id = \(job.id)").first
            else { return nil }
            var upload = try UnfinishedUpload(row: row)
            let parts = try transaction.query(
                "SELECT number, etag, crc32c FROM multipart_parts WHERE job_id = \(job.id) ORDER BY number")
            upload.parts = try parts.map { row in
                UploadedPart(
                    number: try row.decode("number"), etag: try row.decode("etag"), crc32c: try row.decode("crc32c"))
            }
            return upload
        }
    }

    func begin(_ upload: UnfinishedUpload) async throws(ObjectStorageError) {
        try await keeping { transaction in
            try checkLease(transaction)
            try transaction.execute("DELETE FROM multipart_uploads WHERE job_id = \(job.id)")
            try transaction.execute(
                """
                INSERT INTO multipart_uploads
                    (job_id, store, key, upload_id, part_bytes, file_bytes, file_inode, file_modified,
                     file_changed)
                VALUES (\(job.id), \(upload.store), \(upload.key), \(upload.uploadID), \(upload.partBytes),
                    \(upload.file.bytes), \(Int64(bitPattern: upload.file.inode)), \(upload.file.modified),
                    \(upload.file.changed))
                """)
        }
    }

    func add(_ part: UploadedPart, to uploadID: String) async throws(ObjectStorageError) {
        try await keeping { transaction in
            try checkLease(transaction)
            try transaction.execute(
                """
                INSERT INTO multipart_parts (job_id, number, etag, crc32c)
                SELECT job_id, \(part.number), \(part.etag), \(part.crc32c)
                FROM multipart_uploads WHERE job_id = \(job.id) AND upload_id = \(uploadID)
                ON CONFLICT (job_id, number) DO UPDATE SET etag = excluded.etag, crc32c = excluded.crc32c
                """)
        }
    }

    func end(uploadID: String) async throws(ObjectStorageError) {
        try await keeping { transaction in
            try checkLease(transaction)
            try transaction.execute(
                "DELETE FROM multipart_uploads WHERE job_id = \(job.id) AND upload_id = \(uploadID)")
        }
    }

    private func checkLease(_ transaction: borrowing Transaction) throws {
        let isHeld =
            try transaction.execute(
                "SELECT 1 FROM upload_jobs WHERE id = \(job.id) AND lease_token = \(job.lease) FOR SHARE") == 1
        guard isHeld else { throw ObjectStorageError(.cancelled, "another worker has the job now") }
    }

    /// A database that is away holds an upload up as a store does that is away.
    private func keeping<Value: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws(ObjectStorageError) -> Value {
        do {
            return try await database.transaction(body)
        } catch let error as ObjectStorageError {
            throw error
        } catch {
            throw ObjectStorageError(.unavailable, "how far the upload is cannot be kept: \(error)")
        }
    }
}

extension UnfinishedUpload {
    /// Of `multipart_uploads`, without its parts.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            store: try row.decode("store"), key: try row.decode("key"), uploadID: try row.decode("upload_id"),
            partBytes: try row.decode("part_bytes"),
            file: FileIdentity(
                inode: UInt64(bitPattern: try row.decode("file_inode", as: Int64.self)),
                bytes: try row.decode("file_bytes"), modified: try row.decode("file_modified"),
                changed: try row.decode("file_changed")))
    }
}
