import GRDB

/// The third migration: jobs know their inbox, and what is summed and counted is so for each. What was there before is of the one
/// inbox that has no name.
enum SeveralInboxes {
    static func migrate(_ db: Database) throws {
        try db.execute(sql: column)
        try db.execute(sql: tally)
    }

    private static let column = """
        ALTER TABLE job ADD COLUMN inbox TEXT NOT NULL DEFAULT '' CHECK (length(inbox) <= 64);

        DROP INDEX job_ready;
        -- The inbox stands last: what is due is found by its time, and jobs of an inbox that is not there now are stepped over
        -- without a look at them.
        CREATE INDEX job_ready ON job (state, priority, ready, inbox) WHERE ready IS NOT NULL;
        DROP INDEX job_state;
        CREATE INDEX job_state ON job (state, id, inbox);
        DROP INDEX job_spending;
        -- Holds all that spending needs, in the order in which it is added up.
        CREATE INDEX job_spending ON job (inbox, top_folder, is_charged, submitted, cost) WHERE submitted IS NOT NULL;

        DROP TRIGGER job_request_is_frozen;
        CREATE TRIGGER job_request_is_frozen
            BEFORE UPDATE OF id, drop_id, inbox, folder, top_folder, name, sources, request, fingerprint, priority, created
            ON job
            BEGIN SELECT raise(ABORT, 'what was asked is frozen'); END;
        """

    private static let tally = """
        DROP TRIGGER tally_of_new_jobs;
        DROP TRIGGER tally_of_moved_jobs;
        CREATE TABLE inbox_tally (
            inbox TEXT NOT NULL,
            state TEXT NOT NULL,
            jobs INTEGER NOT NULL DEFAULT 0 CHECK (jobs >= 0),
            PRIMARY KEY (inbox, state)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO inbox_tally (inbox, state, jobs) SELECT '', state, jobs FROM tally;
        DROP TABLE tally;
        ALTER TABLE inbox_tally RENAME TO tally;

        CREATE TRIGGER tally_of_new_jobs AFTER INSERT ON job
            BEGIN
                INSERT INTO tally (inbox, state, jobs) VALUES (NEW.inbox, NEW.state, 1)
                    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
            END;
        CREATE TRIGGER tally_of_moved_jobs AFTER UPDATE OF state ON job WHEN NEW.state <> OLD.state
            BEGIN
                UPDATE tally SET jobs = jobs - 1 WHERE inbox = OLD.inbox AND state = OLD.state;
                INSERT INTO tally (inbox, state, jobs) VALUES (NEW.inbox, NEW.state, 1)
                    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
            END;
        """
}
