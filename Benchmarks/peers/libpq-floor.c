// What Postgres and libpq themselves need from an insert to its claim, for Benchmarks/queue. Both sides read
// CLOCK_MONOTONIC, so that the send time in the row can be compared with the claim's.
//
//     libpq-floor listen URL JOBS                      LISTENs and claims; prints nanoseconds, a line a row
//     libpq-floor send URL JOBS MILLISECONDS INSERT    inserts its send time as $1, at a jittered pace

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char claim[] =
    "UPDATE floor_jobs SET status = 'UPLOADING', started_at = now() WHERE id = ANY (ARRAY("
    "SELECT id FROM floor_jobs WHERE status = 'PENDING' AND run_after <= now() "
    "ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED)) RETURNING local_path";

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static PGresult *checked(PGconn *connection, PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s", PQerrorMessage(connection));
        exit(1);
    }
    return result;
}

// Claims until nothing is left, because several inserts may have rung once.
static int claim_all(PGconn *connection) {
    for (int claimed = 0;; claimed++) {
        PGresult *result = checked(connection, PQexecPrepared(connection, "claim", 0, NULL, NULL, NULL, 0));
        long long at = now();
        if (PQntuples(result) == 0) {
            PQclear(result);
            return claimed;
        }
        printf("%lld\n", at - atoll(PQgetvalue(result, 0, 0)));
        PQclear(result);
    }
}

static void listen_for(PGconn *connection, int jobs) {
    PQclear(checked(connection, PQprepare(connection, "claim", claim, 0, NULL)));
    PQclear(checked(connection, PQexec(connection, "LISTEN floor_jobs")));
    for (int done = claim_all(connection); done < jobs; done += claim_all(connection)) {
        for (int rung = 0; !rung;) {
            struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN};
            poll(&socket, 1, -1);
            if (!PQconsumeInput(connection)) exit(1);
            for (PGnotify *bell; (bell = PQnotifies(connection)); PQfreemem(bell)) rung = 1;
        }
    }
}

static void send_paced(PGconn *connection, int jobs, double milliseconds, const char *insert) {
    PQclear(checked(connection, PQprepare(connection, "insert", insert, 0, NULL)));
    for (int job = 0; job < jobs; job++) {
        long long pause = milliseconds * (0.5 + drand48()) * 1e6;
        struct timespec time = {.tv_sec = pause / 1000000000, .tv_nsec = pause % 1000000000};
        nanosleep(&time, NULL);
        char sent[32];
        const char *values[] = {sent};
        snprintf(sent, sizeof sent, "%lld", now());
        PQclear(checked(connection, PQexecPrepared(connection, "insert", 1, values, NULL, NULL, 0)));
    }
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    PGconn *connection = PQconnectdb(arguments[2]);
    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(connection));
        return 1;
    }
    if (strcmp(arguments[1], "listen") == 0) listen_for(connection, atoi(arguments[3]));
    else if (count == 6) send_paced(connection, atoi(arguments[3]), atof(arguments[4]), arguments[5]);
    else return 64;
    PQfinish(connection);
    return 0;
}
