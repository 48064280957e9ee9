import ArgumentParser
import Configuration
import Foundation
import Logging
import Pipeline
import SystemPackage

/// Flags every command that reaches the database or the storage takes; each outweighs its setting.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Configuration file; ./lathe.yaml is read if it is there.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Database, as a URL or libpq's key=value pairs (DATABASE_URL).", valueName: "url"))
    var database: String?

    @Option(help: ArgumentHelp("Storage: s3://bucket[/prefix] or file:///dir (LATHE_STORAGE_URL).", valueName: "url"))
    var storage: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning or error (LOG_LEVEL).", valueName: "level"))
    var logLevel: String?
}

/// Every setting, read in one place: flags over environment over lathe.yaml.
struct Settings {
    private let flags: SettingsOptions
    /// LATHE_STORAGE_URL in the environment is storage.url in the file.
    private let ours: ConfigReader
    /// What the application and the AWS tools call their own.
    private let theirs: ConfigReader

    init(_ flags: SettingsOptions) async throws {
        self.flags = flags
        let environment = EnvironmentVariablesProvider(
            secretsSpecifier: .dynamic { name, _ in name.contains("SECRET") || name.contains("PASSWORD") })
        let file = FilePath(flags.config ?? "lathe.yaml")
        let yaml: FileProvider<YAMLSnapshot>
        do {
            yaml = try await FileProvider(filePath: file, allowMissing: flags.config == nil)
        } catch {
            throw CommandError(.badConfiguration, "\(file) cannot be read as YAML: \(error)")
        }
        ours = ConfigReader(providers: [environment.prefixKeys(with: "lathe"), yaml])
        theirs = ConfigReader(provider: environment)
    }

    func pipeline() throws -> PipelineConfiguration {
        var pipeline = PipelineConfiguration(
            database: database, storage: try storage(), uploadRoots: list("upload.roots", separator: ":"))
        if let directory = ours.string(forKey: "work.dir") { pipeline.workDirectory = directory }
        pipeline.masterHosts = Set(list("master.hosts", separator: ","))
        pipeline.mediaExecutable = mediaExecutable
        pipeline.uploadPollInterval = try seconds("upload.poll.seconds") ?? pipeline.uploadPollInterval
        pipeline.processingPollInterval = try seconds("processing.poll.seconds") ?? pipeline.processingPollInterval
        pipeline.uploadConcurrency = try count("upload.concurrency") ?? pipeline.uploadConcurrency
        pipeline.processingConcurrency = try count("processing.concurrency") ?? pipeline.processingConcurrency
        pipeline.usesDoorbell = try flag("doorbell") ?? pipeline.usesDoorbell
        if let kept = try retention("retention.attempts.days") { pipeline.attemptRetention = kept }
        if let kept = try retention("retention.processing.days") { pipeline.processingRetention = kept }
        if let kept = try retention("retention.upload.days") { pipeline.uploadRetention = kept }
        pipeline.drainTime = try seconds("drain.seconds") ?? pipeline.drainTime
        return pipeline
    }

    /// The connection string: --database, DATABASE_URL, the app's DB_* variables, or libpq's own PG* environment.
    var database: String {
        if let url = flags.database ?? theirs.string(forKey: "database.url") ?? ours.string(forKey: "database.url") {
            return url
        }
        let names = [
            ("host", "db.host"), ("port", "db.port"), ("dbname", "db.name"), ("user", "db.user"),
            ("password", "db.password"),
        ]
        return names.compactMap { parameter, key in
            theirs.string(forKey: ConfigKey(key), isSecret: parameter == "password").map {
                "\(parameter)='\($0.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
            }
        }.joined(separator: " ")
    }

    var mediaExecutable: String? { ours.string(forKey: "media.path") }

    /// - Parameter location: In place of the one that is set.
    func storage(at location: String? = nil) throws -> StorageConfiguration {
        guard let url = location ?? flags.storage ?? ours.string(forKey: "storage.url"), !url.isEmpty else {
            throw CommandError(
                .badConfiguration, "no storage is set: LATHE_STORAGE_URL=s3://bucket or file:///directory")
        }
        var storage = StorageConfiguration(url: url)
        storage.endpoint = ours.string(forKey: "storage.endpoint")
        // It is that of the place that is set.
        if location == nil { storage.publicURL = ours.string(forKey: "storage.public.url") }
        if let region = ours.string(forKey: "storage.region") ?? theirs.string(forKey: "aws.region")
            ?? theirs.string(forKey: "aws.default.region")
        {
            storage.region = region
        }
        storage.provider = ours.string(forKey: "storage.provider")?.lowercased()
        storage.connections = try count("storage.connections", within: 1...16) ?? storage.connections
        if let mebibytes = try count("storage.part.mib", within: 5...5120) {
            storage.partBytes = Int64(mebibytes) << 20
        }
        switch ours.string(forKey: "storage.addressing") {
        case nil, "auto"?: break
        case "path"?: storage.usesPathStyle = true
        case "virtual"?: storage.usesPathStyle = false
        case let other?:
            throw CommandError(
                .badConfiguration, "LATHE_STORAGE_ADDRESSING is \"\(other)\"; it may be auto, path or virtual")
        }
        if let id = theirs.string(forKey: "aws.access.key.id"),
            let secret = theirs.string(forKey: "aws.secret.access.key", isSecret: true)
        {
            storage.credentials = StorageConfiguration.Credentials(
                accessKeyID: id, secretAccessKey: secret,
                sessionToken: theirs.string(forKey: "aws.session.token", isSecret: true))
        }
        return storage
    }

    private func list(_ key: String, separator: Character) -> [String] {
        (ours.string(forKey: ConfigKey(key)) ?? "").split(separator: separator).map(String.init)
    }

    private func seconds(_ key: String) throws -> Duration? {
        guard let value = try number(key, Double.init) else { return nil }
        guard value > 0, value <= 86_400 else {
            throw malformed(key, "a number of seconds above 0, a day at most")
        }
        return .seconds(value)
    }

    /// - Returns: nil where nothing is set, `.some(nil)` where all is to be kept.
    private func retention(_ key: String) throws -> Duration?? {
        if ours.string(forKey: ConfigKey(key))?.lowercased() == "off" { return .some(nil) }
        guard let days = try number(key, Double.init) else { return nil }
        guard days > 0, days <= 36_500 else { throw malformed(key, "a number of days above 0, or off") }
        return .seconds(days * 86_400)
    }

    private func count(_ key: String, within range: ClosedRange<Int> = 1...1024) throws -> Int? {
        guard let value = try number(key, { Int($0) }) else { return nil }
        guard range ~= value else {
            throw malformed(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private func flag(_ key: String) throws -> Bool? {
        let name = ConfigKey(key)
        guard let text = ours.string(forKey: name) ?? ours.bool(forKey: name).map({ String($0) }) else { return nil }
        switch text.lowercased() {
        case "on", "true", "yes", "1": return true
        case "off", "false", "no", "0": return false
        default: throw malformed(key, "on or off, not \"\(text)\"")
        }
    }

    /// A number, which the environment gives as text and YAML as a number of its own.
    private func number<N>(_ key: String, _ parse: (String) -> N?) throws -> N? {
        let name = ConfigKey(key)
        let text =
            ours.string(forKey: name) ?? ours.int(forKey: name).map(String.init)
            ?? ours.double(forKey: name).map { String($0) }
        guard let text else { return nil }
        guard let value = parse(text) else { throw malformed(key, "a number, not \"\(text)\"") }
        return value
    }

    private func malformed(_ key: String, _ wanted: String) -> CommandError {
        let variable = "LATHE_" + key.uppercased().replacing(".", with: "_")
        return CommandError(.badConfiguration, "\(variable) (\(key) in lathe.yaml) must be \(wanted)")
    }
}

extension Settings {
    /// A logger to stderr, and to LOG_FILE_PATH as well where the application has one.
    func logger() throws -> Logger {
        let name = flags.logLevel ?? theirs.string(forKey: "log.level") ?? "info"
        guard let level = Self.level(name.lowercased()) else {
            throw CommandError(
                .badConfiguration,
                "the log level \"\(name)\" is not one of trace, debug, info, notice, warning, error")
        }
        let path = theirs.string(forKey: "log.file.path")
        let file = try path.map { path throws(CommandError) in try LogFile.open(path) }
        var logger = Logger(label: "lathe.worker") { label in
            let stream = StreamLogHandler.standardError(label: label)
            guard let file else { return stream }
            return MultiplexLogHandler([stream, LogFile(label: label, file: file)])
        }
        logger.logLevel = level
        return logger
    }

    /// LOG_LEVEL is the application's as well, so the names of Node's loggers are understood too.
    private static func level(_ name: String) -> Logger.Level? {
        switch name {
        case "warn": .warning
        case "silly": .trace
        case "verbose", "http": .debug
        case "fatal", "crit": .critical
        default: Logger.Level(rawValue: name)
        }
    }
}
