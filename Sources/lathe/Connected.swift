import Logging
import Pipeline
import Postgres

/// The database as a short command uses it: a few statements, then gone.
enum Connected {
    static func database(_ options: SettingsOptions) async throws -> Database {
        let settings = try await Settings(options)
        var configuration = PostgresConfiguration(connectionString: settings.database)
        configuration.applicationName = "lathe"
        return Database(configuration, maximumConnections: 2, logger: try settings.logger())
    }
}
