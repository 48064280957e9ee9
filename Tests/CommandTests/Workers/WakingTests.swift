import Foundation
import Postgres
import TestSupport
import Testing

/// `lathe work` with polls that come too late to matter: the application's statements wake it.
struct WakingTests {
    private static let settings = ["LATHE_UPLOAD_POLL_SECONDS": "600", "LATHE_PROCESSING_POLL_SECONDS": "600"]

    /// Waits until both workers sleep by the doorbell.
    private func asleep(_ stage: Stage) async throws {
        try await eventually("both workers sleep") {
            try await stage.value(
                """
                SELECT pg_sequence_last_value('lathe_upload_armed_until') IS NOT NULL
                    AND pg_sequence_last_value('lathe_processing_armed_until') IS NOT NULL
                """)
        }
    }

    @Test func aReleaseGoesThroughWithoutAPoll() async throws {
        let stage = try await Stage()
        let (outcome, _) = try await stage.work(settings: Self.settings) { lathe in
            try await asleep(stage)
            // All at once, as when the artist had uploaded before: the release is PROCESSING before its uploads are.
            let release = try await stage.submittedRelease(lengths: [20_000, 44_100, 30_000])
            try await stage.reviewable(release.id)

            // And in the order of an artist who uploads first and submits later.
            let draft = try await stage.rows.release()
            let master = try Tone(count: 44_100).write(to: stage.masters.file("draft.wav"))
            let upload = try await stage.rows.upload(master, to: draft.tracks[0])
            try await eventually("it is uploaded") {
                try await stage.value("SELECT status::text FROM upload_jobs WHERE id = \(upload)") == "COMPLETED"
            }
            try await stage.database.execute("UPDATE releases SET status = 'PROCESSING' WHERE id = \(draft.id)")
            try await stage.reviewable(draft.id)
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
    }

    @Test func withoutADoorbellNothingIsListenedFor() async throws {
        let stage = try await Stage()
        let (outcome, _) = try await stage.work(settings: ["LATHE_DOORBELL": "off"]) { lathe in
            let release = try await stage.submittedRelease(lengths: [20_000])
            try await stage.reviewable(release.id)
            let listeners: Int = try await stage.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
            #expect(listeners == 0)
            #expect(try await stage.value("SELECT pg_sequence_last_value('lathe_upload_armed_until') IS NULL"))
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(!outcome.error.contains("doorbell"), "\(outcome.error)")
    }

    /// What a worker does by itself must not wake it again.
    @Test func anIdleWorkerDoesNotWakeItself() async throws {
        let stage = try await Stage()
        // One release that waits for a track nobody uploads.
        _ = try await stage.rows.release(status: "PROCESSING")
        let listener = try await stage.test.connect()
        let (outcome, _) = try await stage.work(settings: Self.settings) { lathe in
            try await asleep(stage)
            try await listener.listen(to: "lathe_processing")
            let start: Date = try await stage.value("SELECT beat_at FROM workers")
            try await eventually("two beats have passed") {
                try await stage.value("SELECT beat_at >= \(start)::timestamptz + interval '7 seconds' FROM workers")
            }
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        try await listener.execute("SELECT pg_notify('lathe_processing', 'the end')")
        var rings = 0
        for await notification in listener.notifications {
            if notification.payload == "the end" { break }
            rings += 1
        }
        #expect(rings <= 2, "one scan may have been under way")
    }
}
