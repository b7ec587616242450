-- What was asked, what it cost, who answered. One row a request; a fusion's children have rows of their own.
CREATE TABLE ledger (
  request_id TEXT PRIMARY KEY,
  at REAL NOT NULL,
  day TEXT NOT NULL,                -- of the local time zone, as are months
  caller TEXT NOT NULL,
  policy TEXT NOT NULL,
  requested TEXT,
  profile TEXT, provider TEXT, model TEXT,   -- who answered; while open: who is asked first
  state TEXT NOT NULL,              -- open, settled, abandoned
  process TEXT,                     -- who holds an open reservation
  reserved_usd REAL,
  cost_usd REAL, cost_source TEXT, price_version TEXT,
  outcome TEXT,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  cached_input_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens INTEGER NOT NULL DEFAULT 0,
  usage_source TEXT,
  failovers INTEGER NOT NULL DEFAULT 0,
  total_ms REAL, first_token_ms REAL,
  parent TEXT, stage TEXT, adviser_index INTEGER
) WITHOUT ROWID;
CREATE INDEX ledger_open ON ledger (policy) WHERE state = 'open';
CREATE INDEX ledger_parent ON ledger (parent) WHERE parent IS NOT NULL;

-- Upstream calls, for the figures of routes and their recent attempts.
CREATE TABLE attempts (
  request_id TEXT NOT NULL, number INTEGER NOT NULL,
  at REAL NOT NULL,
  profile TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,   -- profile '-': a literal model
  credential TEXT, outcome TEXT NOT NULL, failure TEXT, status INTEGER, decision TEXT,
  ms REAL NOT NULL, first_token_ms REAL, output_tokens INTEGER NOT NULL, is_retry INTEGER NOT NULL,
  PRIMARY KEY (request_id, number)
) WITHOUT ROWID;
CREATE INDEX attempts_route ON attempts (provider, model, profile, at);

-- What policies spent: the sums that admission reads.
CREATE TABLE spending (
  policy TEXT NOT NULL, period TEXT NOT NULL, usd REAL NOT NULL,
  PRIMARY KEY (policy, period)
) WITHOUT ROWID;

-- Roll-ups, kept in the transaction of the rows they count; span 'h' or 'd', start in epoch seconds.
CREATE TABLE facets (
  id INTEGER PRIMARY KEY,
  profile TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, policy TEXT NOT NULL, caller TEXT NOT NULL,
  UNIQUE (profile, provider, model, policy, caller)
);
CREATE TABLE usage_figures (
  span TEXT NOT NULL, start INTEGER NOT NULL, facet INTEGER NOT NULL,
  requests INTEGER NOT NULL, failures INTEGER NOT NULL, failovers INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL, unpriced INTEGER NOT NULL, estimated INTEGER NOT NULL,
  PRIMARY KEY (span, start, facet)
) WITHOUT ROWID;
CREATE TABLE usage_times (
  span TEXT NOT NULL, start INTEGER NOT NULL, facet INTEGER NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (span, start, facet, bucket)
) WITHOUT ROWID;
CREATE TABLE route_figures (
  profile TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  requests INTEGER NOT NULL, retries INTEGER NOT NULL, failures INTEGER NOT NULL, answered INTEGER NOT NULL,
  tokens INTEGER NOT NULL, writing_ms REAL NOT NULL,
  last_failure TEXT, last_failure_at REAL,
  PRIMARY KEY (profile, provider, model)
) WITHOUT ROWID;
CREATE TABLE route_times (
  profile TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  kind TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,   -- kind: total or first
  PRIMARY KEY (profile, provider, model, kind, bucket)
) WITHOUT ROWID;

-- Whole records of requests, as far as retention keeps them.
CREATE TABLE traces (
  request_id TEXT PRIMARY KEY,
  at REAL NOT NULL,
  caller TEXT NOT NULL, policy TEXT NOT NULL, requested TEXT, answered TEXT, profile TEXT,
  outcome TEXT NOT NULL,
  first_token_ms REAL, total_ms REAL NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, usage_source TEXT NOT NULL,
  cost_usd REAL, attempts INTEGER NOT NULL, failovers INTEGER NOT NULL,
  fusion TEXT, error_kind TEXT, parent TEXT, stage TEXT,
  document TEXT NOT NULL
);
CREATE INDEX traces_at ON traces (at) WHERE parent IS NULL;
CREATE INDEX traces_parent ON traces (parent) WHERE parent IS NOT NULL;
CREATE VIRTUAL TABLE trace_texts USING fts5 (request_id UNINDEXED, text, tokenize = 'unicode61');

-- State that outlives the process and is shared by several.
CREATE TABLE processes (id TEXT PRIMARY KEY, heartbeat REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE state (
  kind TEXT NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE transitions (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, profile TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL, cause TEXT NOT NULL
);
CREATE INDEX transitions_route ON transitions (provider, model, profile, id);

-- Conversations are the user's documents, whatever retention says.
CREATE TABLE conversations (
  id TEXT PRIMARY KEY, title TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL,
  deleted REAL, branch_of TEXT, target TEXT, settings TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE TABLE turns (
  id INTEGER PRIMARY KEY, conversation TEXT NOT NULL, position INTEGER NOT NULL,
  role TEXT NOT NULL, text TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL,
  request_id TEXT, document TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX turns_conversation ON turns (conversation, position);
CREATE VIRTUAL TABLE turn_texts USING fts5 (text, content = 'turns', content_rowid = 'id', tokenize = 'unicode61');
CREATE TRIGGER turns_added AFTER INSERT ON turns BEGIN
  INSERT INTO turn_texts (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER turns_removed AFTER DELETE ON turns BEGIN
  INSERT INTO turn_texts (turn_texts, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER turns_changed AFTER UPDATE OF text ON turns BEGIN
  INSERT INTO turn_texts (turn_texts, rowid, text) VALUES ('delete', old.id, old.text);
  INSERT INTO turn_texts (rowid, text) VALUES (new.id, new.text);
END;

-- Evals, written case by case.
CREATE TABLE eval_runs (
  id TEXT PRIMARY KEY, at REAL NOT NULL, ended REAL, settings TEXT NOT NULL, summary TEXT
) WITHOUT ROWID;
CREATE TABLE eval_cases (
  run TEXT NOT NULL, suite TEXT NOT NULL, "case" TEXT NOT NULL, profile TEXT NOT NULL, repeat INTEGER NOT NULL,
  at REAL NOT NULL, verdict TEXT NOT NULL, ms REAL, cost_usd REAL, request_id TEXT, cache_key TEXT,
  document TEXT NOT NULL,
  PRIMARY KEY (run, suite, "case", profile, repeat)
) WITHOUT ROWID;
CREATE INDEX eval_cases_cache ON eval_cases (cache_key) WHERE cache_key IS NOT NULL;
