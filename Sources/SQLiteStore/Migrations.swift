import GRDB

/// The ledger's tables. They say what the code means, so that no bug and no hand at the `sqlite3` prompt can write a job
/// that could not have come about: a state without its generation id, a history with a line changed.
///
/// Times are whole milliseconds since 1970. A migration that has been released is never edited; the next one is added.
enum Migrations {
    /// Tells a ledger from any other SQLite file: “HOTR” in the file's header.
    static let applicationID = 0x484F_5452

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 jobs and their history") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: jobTable)
            try db.execute(sql: jobRules)
            try db.execute(sql: historyTable)
            try db.execute(sql: tallyTable)
        }
        migrator.registerMigration("2 money and reuse", migrate: MoneyAndReuse.migrate)
        migrator.registerMigration("3 several inboxes", migrate: SeveralInboxes.migrate)
        return migrator
    }

    private static let jobTable = """
        CREATE TABLE job (
            id TEXT NOT NULL PRIMARY KEY CHECK (length(id) > 0),
            drop_id TEXT NOT NULL CHECK (length(drop_id) > 0),
            folder BLOB NOT NULL,
            name TEXT NOT NULL CHECK (length(name) > 0),
            sources TEXT NOT NULL CHECK (json_valid(sources)),
            request TEXT CHECK (request IS NULL OR json_valid(request)),
            priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
            created INTEGER NOT NULL,

            state TEXT NOT NULL CHECK (state IN ('queued', 'held', 'submitting', 'unconfirmed', 'generating',
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

            leased_until INTEGER,
            settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
            -- When the next step may be taken; never, for a job that has ended.
            ready INTEGER GENERATED ALWAYS AS (
                CASE WHEN state NOT IN ('delivered', 'failed', 'cancelled')
                THEN max(due, coalesce(leased_until, due)) END) VIRTUAL,

            CONSTRAINT payload_is_of_the_state CHECK (json_type(state_payload, '$.' || state) IS NOT NULL),
            CONSTRAINT only_a_failed_job_has_no_request CHECK (request IS NOT NULL OR state = 'failed'),
            CONSTRAINT client_request_id_from_the_intent_on CHECK (CASE
                WHEN state IN ('submitting', 'unconfirmed', 'generating', 'generated', 'delivered')
                    THEN client_request_id IS NOT NULL AND attempts >= 1
                WHEN state IN ('queued', 'held', 'cancelled') THEN client_request_id IS NULL
                ELSE 1 END),
            CONSTRAINT generation_id_from_acceptance_on CHECK (CASE
                WHEN state IN ('generating', 'generated', 'delivered') THEN generation_id IS NOT NULL
                WHEN state <> 'failed' THEN generation_id IS NULL
                ELSE 1 END),
            CONSTRAINT a_result_is_of_a_completed_generation CHECK (
                state NOT IN ('generated', 'delivered') OR completed IS NOT NULL),
            CONSTRAINT charges_are_of_a_generation CHECK (
                generation_id IS NOT NULL OR (completed IS NULL AND credits IS NULL AND usd IS NULL)),
            CONSTRAINT an_ended_job_is_leased_to_nobody CHECK (ready IS NOT NULL OR leased_until IS NULL)
        ) STRICT;

        CREATE INDEX job_ready ON job (state, priority, ready) WHERE ready IS NOT NULL;
        CREATE INDEX job_drop ON job (drop_id, id);
        CREATE INDEX job_state ON job (state, id);
        CREATE INDEX job_folder ON job (folder, id);
        CREATE INDEX job_spend ON job (completed, credits) WHERE completed IS NOT NULL;
        CREATE INDEX job_unsettled ON job (id) WHERE settled = 0;
        CREATE INDEX job_ended_unsettled ON job (id)
            WHERE settled = 0 AND state IN ('delivered', 'failed', 'cancelled');
        """

    private static let jobRules = """
        CREATE TRIGGER job_is_kept BEFORE DELETE ON job
            BEGIN SELECT raise(ABORT, 'a job is never deleted'); END;
        CREATE TRIGGER job_request_is_frozen
            BEFORE UPDATE OF id, drop_id, folder, name, sources, request, priority, created ON job
            BEGIN SELECT raise(ABORT, 'what was asked is frozen'); END;
        CREATE TRIGGER job_version_grows_by_one
            BEFORE UPDATE OF state, state_payload, version, attempts, due, client_request_id, generation_id ON job
            WHEN NEW.version <> OLD.version + 1
            BEGIN SELECT raise(ABORT, 'each transition makes the version grow by one'); END;
        CREATE TRIGGER job_final_state_is_final BEFORE UPDATE OF state ON job
            WHEN OLD.state IN ('delivered', 'cancelled')
            BEGIN SELECT raise(ABORT, 'nothing follows delivered or cancelled'); END;
        """

    /// One line for each version of a job. The two partial indexes hold what a retry forgets in the job itself: which ids
    /// its earlier POSTs and generations had.
    private static let historyTable = """
        CREATE TABLE history (
            job_id TEXT NOT NULL REFERENCES job (id),
            version INTEGER NOT NULL,
            at INTEGER NOT NULL,
            event TEXT NOT NULL CHECK (length(event) > 0),
            state TEXT NOT NULL,
            detail TEXT,
            PRIMARY KEY (job_id, version)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX history_client_request_id ON history (detail) WHERE event = 'submission_started';
        CREATE UNIQUE INDEX history_generation_id ON history (detail) WHERE event = 'accepted';

        CREATE TRIGGER history_is_kept BEFORE DELETE ON history
            BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
        CREATE TRIGGER history_is_not_rewritten BEFORE UPDATE ON history
            BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
        CREATE TRIGGER history_tells_of_the_job BEFORE INSERT ON history
            WHEN NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job_id AND version = NEW.version AND state = NEW.state)
            BEGIN SELECT raise(ABORT, 'a history entry is of the version it led to'); END;
        """

    /// How many jobs are in each state, so that the page that shows it need not count a year's jobs every second.
    private static let tallyTable = """
        CREATE TABLE tally (
            state TEXT NOT NULL PRIMARY KEY,
            jobs INTEGER NOT NULL DEFAULT 0 CHECK (jobs >= 0)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO tally (state) VALUES ('queued'), ('held'), ('submitting'), ('unconfirmed'), ('generating'),
            ('generated'), ('delivered'), ('failed'), ('cancelled');

        CREATE TRIGGER tally_of_new_jobs AFTER INSERT ON job
            BEGIN UPDATE tally SET jobs = jobs + 1 WHERE state = NEW.state; END;
        CREATE TRIGGER tally_of_moved_jobs AFTER UPDATE OF state ON job WHEN NEW.state <> OLD.state
            BEGIN
                UPDATE tally SET jobs = jobs - 1 WHERE state = OLD.state;
                UPDATE tally SET jobs = jobs + 1 WHERE state = NEW.state;
            END;
        """
}
