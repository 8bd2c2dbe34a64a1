import Foundation
import GRDB
import Jobs

/// The second migration: budgets, prices and gates, and videos that are delivered more than once.
///
/// SQLite cannot change a table's rules, so `job` is built anew beside the old one and takes its name
/// (https://www.sqlite.org/lang_altertable.html#otheralter). All columns are carried over as they stand; what is new is computed
/// from what each job knows.
enum MoneyAndReuse {
    static func migrate(_ db: Database) throws {
        try db.execute(sql: jobTable)
        try db.execute(sql: otherTables)
        try copyJobs(db)
        // A trigger that names a table which is not there would stop the renaming.
        try db.execute(
            sql: """
                DROP TRIGGER history_tells_of_the_job;
                DROP TABLE job;
                ALTER TABLE new_job RENAME TO job;
                """)
        try db.execute(sql: jobIndexes)
        try db.execute(sql: jobRules)
        try db.execute(sql: tally)
        try db.execute(sql: history)
    }

    private static func copyJobs(_ db: Database) throws {
        let carried = """
            id, drop_id, folder, name, sources, request, priority, created, state, state_payload, version, attempts, reason, \
            updated, client_request_id, generation_id, completed, credits, usd, leased_until, settled
            """
        let copy = try db.makeStatement(
            sql: """
                INSERT INTO new_job (due, top_folder, submitted, cost, is_charged, \(carried))
                SELECT ?, ?, ?, ?, ?, \(carried) FROM job WHERE id = ?
                """)
        let learn = try db.makeStatement(
            sql: """
                INSERT INTO price (model, seconds, credits, at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET credits = excluded.credits, at = excluded.at WHERE excluded.at >= at
                """)
        let jobs = try Row.fetchCursor(db, sql: "SELECT id, folder, request, state_payload, due FROM job ORDER BY id")
        while let row = try jobs.next() {
            let state: JobState = try LedgerJSON.value(row["state_payload"])
            let cost = state.cost
            try copy.execute(arguments: [
                due(of: state, was: row["due"]),
                Data(FileName(bytes: Array(row["folder"] as Data)).topLevel.bytes),
                cost?.submitted.milliseconds, cost?.credits, cost?.isCharged, row["id"] as String,
            ])
            if let cost, cost.isCharged, let completed = state.generation?.completed,
                let request: String = row["request"]
            {
                let key = try (LedgerJSON.value(request) as GenerationRequest).priceKey
                try learn.execute(arguments: [key.model, key.seconds, cost.credits, completed.milliseconds])
            }
        }
        try db.execute(sql: "INSERT INTO last_change (at) SELECT max(at) FROM history HAVING max(at) IS NOT NULL")
    }

    /// What waits for a person was due at once, which nobody minded; now a hold ends when it is due.
    private static func due(of state: JobState, was due: Int64) -> Int64 {
        guard case .held(let hold) = state, hold.reason == .person else { return due }
        return Date.distantFuture.milliseconds
    }

    private static let jobTable = """
        CREATE TABLE new_job (
            id TEXT NOT NULL PRIMARY KEY CHECK (length(id) > 0),
            drop_id TEXT NOT NULL CHECK (length(drop_id) > 0),
            folder BLOB NOT NULL,
            top_folder BLOB NOT NULL,
            name TEXT NOT NULL CHECK (length(name) > 0),
            sources TEXT NOT NULL CHECK (json_valid(sources)),
            request TEXT CHECK (request IS NULL OR json_valid(request)),
            fingerprint TEXT CHECK (length(fingerprint) > 0),
            priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
            created INTEGER NOT NULL,

            state TEXT NOT NULL CHECK (state IN ('queued', 'held', 'reusing', 'submitting', 'unconfirmed', 'generating',
                'generated', 'delivered', 'failed', 'cancelled')),
            state_payload TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version >= 1),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            due INTEGER NOT NULL,
            reason TEXT,
            updated INTEGER NOT NULL,

            client_request_id TEXT UNIQUE CHECK (length(client_request_id) BETWEEN 1 AND 128),
            generation_id TEXT UNIQUE CHECK (length(generation_id) > 0),
            completed INTEGER,
            credits REAL CHECK (credits >= 0),
            usd REAL CHECK (usd >= 0),

            -- What the job costs or is going to cost, counted for the time at which its POST was started.
            submitted INTEGER,
            cost REAL CHECK (cost >= 0),
            is_charged INTEGER CHECK (is_charged IN (0, 1)),

            leased_until INTEGER,
            settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
            -- When the next step may be taken; never, for a job that has ended.
            ready INTEGER GENERATED ALWAYS AS (
                CASE WHEN state NOT IN ('delivered', 'failed', 'cancelled')
                THEN max(due, coalesce(leased_until, due)) END) VIRTUAL,

            CONSTRAINT payload_is_of_the_state CHECK (json_type(state_payload, '$.' || state) IS NOT NULL),
            CONSTRAINT only_a_failed_job_has_no_request CHECK (request IS NOT NULL OR state = 'failed'),
            CONSTRAINT client_request_id_from_the_intent_on CHECK (CASE
                WHEN state IN ('submitting', 'unconfirmed', 'generating', 'generated')
                    THEN client_request_id IS NOT NULL AND attempts >= 1
                WHEN state IN ('queued', 'held', 'reusing', 'cancelled') THEN client_request_id IS NULL
                WHEN state = 'delivered' THEN (client_request_id IS NULL) = (generation_id IS NULL)
                ELSE 1 END),
            CONSTRAINT generation_id_from_acceptance_on CHECK (CASE
                WHEN state IN ('generating', 'generated') THEN generation_id IS NOT NULL
                WHEN state = 'delivered' THEN
                    (generation_id IS NULL) = (json_type(state_payload, '$.delivered._0.original') IS NOT NULL)
                WHEN state <> 'failed' THEN generation_id IS NULL
                ELSE 1 END),
            CONSTRAINT a_result_is_of_a_completed_generation CHECK (CASE state
                WHEN 'generated' THEN completed IS NOT NULL
                WHEN 'delivered' THEN (completed IS NULL) = (generation_id IS NULL)
                ELSE 1 END),
            CONSTRAINT charges_are_of_a_generation CHECK (
                generation_id IS NOT NULL OR (completed IS NULL AND credits IS NULL AND usd IS NULL)),
            CONSTRAINT a_cost_has_its_time CHECK (
                (cost IS NULL) = (submitted IS NULL) AND (cost IS NULL) = (is_charged IS NULL)),
            CONSTRAINT a_cost_from_the_intent_on CHECK (CASE state
                WHEN 'failed' THEN (cost IS NOT NULL) = (json_type(state_payload, '$.failed._1.paid') IS NOT NULL)
                WHEN 'delivered' THEN (cost IS NULL) = (generation_id IS NULL)
                ELSE (cost IS NOT NULL) = (state IN ('submitting', 'unconfirmed', 'generating', 'generated')) END),
            CONSTRAINT a_charge_is_of_a_completed_generation CHECK (
                coalesce(is_charged, 0) = 0 OR (completed IS NOT NULL AND cost > 0 AND cost IS credits)),
            CONSTRAINT an_ended_job_is_leased_to_nobody CHECK (ready IS NOT NULL OR leased_until IS NULL)
        ) STRICT;
        """

    private static let jobIndexes = """
        CREATE INDEX job_ready ON job (state, priority, ready) WHERE ready IS NOT NULL;
        CREATE INDEX job_drop ON job (drop_id, id);
        CREATE INDEX job_state ON job (state, id);
        CREATE INDEX job_folder ON job (folder, id);
        CREATE INDEX job_fingerprint ON job (fingerprint, state, id) WHERE fingerprint IS NOT NULL;
        -- Holds all that spending needs, in the order in which it is added up.
        CREATE INDEX job_spending ON job (top_folder, is_charged, submitted, cost) WHERE submitted IS NOT NULL;
        CREATE INDEX job_unconfirmed ON job (state, submitted) WHERE state = 'unconfirmed';
        CREATE INDEX job_unsettled ON job (id) WHERE settled = 0;
        CREATE INDEX job_ended_unsettled ON job (id)
            WHERE settled = 0 AND state IN ('delivered', 'failed', 'cancelled');
        """

    /// Only `due`, `leased_until` and `settled` change without a transition.
    private static let jobRules = """
        CREATE TRIGGER job_is_kept BEFORE DELETE ON job
            BEGIN SELECT raise(ABORT, 'a job is never deleted'); END;
        CREATE TRIGGER job_request_is_frozen
            BEFORE UPDATE OF id, drop_id, folder, top_folder, name, sources, request, fingerprint, priority, created ON job
            BEGIN SELECT raise(ABORT, 'what was asked is frozen'); END;
        CREATE TRIGGER job_version_grows_by_one
            BEFORE UPDATE OF state, state_payload, version, attempts, reason, updated, client_request_id, generation_id,
                completed, credits, usd, submitted, cost, is_charged ON job
            WHEN NEW.version <> OLD.version + 1
            BEGIN SELECT raise(ABORT, 'each transition makes the version grow by one'); END;
        CREATE TRIGGER job_final_state_is_final BEFORE UPDATE OF state ON job
            WHEN OLD.state IN ('delivered', 'cancelled')
            BEGIN SELECT raise(ABORT, 'nothing follows delivered or cancelled'); END;
        """

    private static let tally = """
        INSERT INTO tally (state) VALUES ('reusing');

        CREATE TRIGGER tally_of_new_jobs AFTER INSERT ON job
            BEGIN UPDATE tally SET jobs = jobs + 1 WHERE state = NEW.state; END;
        CREATE TRIGGER tally_of_moved_jobs AFTER UPDATE OF state ON job WHEN NEW.state <> OLD.state
            BEGIN
                UPDATE tally SET jobs = jobs - 1 WHERE state = OLD.state;
                UPDATE tally SET jobs = jobs + 1 WHERE state = NEW.state;
            END;
        """

    private static let history = """
        CREATE TRIGGER history_tells_of_the_job BEFORE INSERT ON history
            WHEN NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job_id AND version = NEW.version AND state = NEW.state)
            BEGIN SELECT raise(ABORT, 'a history entry is of the version it led to'); END;
        CREATE TRIGGER history_is_the_last_change AFTER INSERT ON history
            BEGIN INSERT OR REPLACE INTO last_change (only, at) VALUES (1, NEW.at); END;
        """

    private static let otherTables = """
        -- Credits of the last charge for each kind of video.
        CREATE TABLE price (
            model TEXT NOT NULL,
            seconds INTEGER NOT NULL,
            credits REAL NOT NULL CHECK (credits > 0),
            at INTEGER NOT NULL,
            PRIMARY KEY (model, seconds)
        ) STRICT, WITHOUT ROWID;

        -- The gates that are closed.
        CREATE TABLE gate (
            position INTEGER PRIMARY KEY,
            gate TEXT NOT NULL UNIQUE CHECK (length(gate) > 0),
            since INTEGER NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;

        -- The time of the history entry written last. The latest in the history may be another: clocks are set back.
        CREATE TABLE last_change (
            only INTEGER NOT NULL DEFAULT 1 PRIMARY KEY CHECK (only = 1),
            at INTEGER NOT NULL
        ) STRICT;
        """
}
