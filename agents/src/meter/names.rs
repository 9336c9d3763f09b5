//! Which metrics are there? One table: the rendering, docs/metrics.md and the dashboard are held against it.

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its sample has `_total` at its end.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets, in seconds.
    Seconds,
}

macro_rules! metrics {
    ($($variant:ident, $name:literal, $kind:ident, $unit:literal, [$($label:literal),*], $help:literal;)*) => {
        /// One metric.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Name {
            $(#[doc = $help] $variant,)*
        }

        impl Name {
            /// All, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name of the metric family, without `_total`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// What is counted, or the unit; where it is a base unit of Prometheus, the name ends in it.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// The names of its labels.
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($label),*],)* }
            }

            /// What it means, without a full stop.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

metrics! {
    BuildInfo, "zizhi_build_info", Gauge, "none", ["version"], "Always 1, the version is in the label";
    NetworkTime, "zizhi_network_time_seconds", Gauge, "seconds", [], "The network's own time at the newest record, which is time since 1970 on a real network";
    IncidentsOpened, "zizhi_incidents_opened", Counter, "incidents", ["domain"], "Incidents opened, by the domain that leads them";
    IncidentsClosed, "zizhi_incidents_closed", Counter, "incidents", ["ending"], "Incidents closed, by how they ended";
    IncidentsOpen, "zizhi_incidents_open", Gauge, "incidents", [], "Incidents that this process leads and that have not ended";
    IncidentsTakenOver, "zizhi_incidents_taken_over", Counter, "incidents", [], "Incidents whose lead was taken over from a lost peer";
    AnomaliesRaised, "zizhi_anomalies_raised", Counter, "anomalies", ["domain"], "Anomalies raised";
    AnomaliesCleared, "zizhi_anomalies_cleared", Counter, "anomalies", ["domain"], "Anomalies that went back to normal";
    Suppressions, "zizhi_suppressions", Counter, "records", ["reason"], "Times that something unusual was left alone, by reason";
    Diagnoses, "zizhi_diagnoses", Counter, "records", ["result"], "Diagnoses, with ranked causes or without enough evidence";
    Plannings, "zizhi_plannings", Counter, "records", ["result"], "Searches for a remedy, with candidate plans or without any";
    NegotiationCalls, "zizhi_negotiation_calls", Counter, "calls", [], "Calls for remedies";
    NegotiationOffers, "zizhi_negotiation_offers", Counter, "offers", ["domain"], "Remedies offered, by who offered";
    NegotiationRefusals, "zizhi_negotiation_refusals", Counter, "refusals", ["reason"], "Refusals in negotiations, by reason";
    NegotiationAwards, "zizhi_negotiation_awards", Counter, "awards", ["domain"], "Plans awarded, by who is to carry them out";
    NegotiationAborts, "zizhi_negotiation_aborts", Counter, "plans", [], "Plans given up before anything was changed";
    Rehearsals, "zizhi_rehearsals", Counter, "rehearsals", ["result"], "Rehearsals in the twin, by whether they make something worse";
    Decisions, "zizhi_decisions", Counter, "decisions", ["ruling"], "Rulings on plans";
    GuardRefusals, "zizhi_guard_refusals", Counter, "refusals", ["guard"], "Times that a guard did not let a plan pass";
    Approvals, "zizhi_approvals", Counter, "answers", ["answer"], "Answers of people to plans that waited for one";
    ApprovalsWaiting, "zizhi_approvals_waiting", Gauge, "plans", [], "Plans that wait for a person";
    Escalations, "zizhi_escalations", Counter, "escalations", [], "Times that a person was asked to take over";
    Steps, "zizhi_steps", Counter, "steps", ["verb", "result"], "Steps carried out on the network, by verb and result";
    Undos, "zizhi_undos", Counter, "steps", ["result"], "Steps taken back";
    Runs, "zizhi_runs", Counter, "runs", ["outcome"], "Runs that ended, by outcome";
    Verdicts, "zizhi_verdicts", Counter, "verdicts", ["verdict"], "Verdicts on runs";
    ObjectsFrozen, "zizhi_objects_frozen", Counter, "objects", [], "Objects that nobody but a person may change any more";
    DetectionSeconds, "zizhi_detection_seconds", Seconds, "seconds", [], "From the first unusual sample to the anomaly, in network time";
    StageSeconds, "zizhi_stage_seconds", Seconds, "seconds", ["stage"], "From the opening of an incident to its first record of each stage, in network time";
    DecisionSeconds, "zizhi_decision_seconds", Seconds, "seconds", [], "From the opening of an incident to its first step, in network time";
    RestoreSeconds, "zizhi_restore_seconds", Seconds, "seconds", [], "From the opening of an incident to the verdict that it is restored, in network time";
    IncidentSeconds, "zizhi_incident_seconds", Seconds, "seconds", ["ending"], "From the opening of an incident to its end, in network time";
    ApprovalSeconds, "zizhi_approval_seconds", Seconds, "seconds", [], "From the request for an approval to the answer, in network time";
    DeadLetters, "zizhi_dead_letters", Counter, "messages", ["domain"], "Messages that an agent could not read";
    TelemetryDropped, "zizhi_telemetry_dropped", Counter, "messages", [], "Telemetry messages dropped at full queues, by the journal";
    TelemetryMissed, "zizhi_telemetry_missed", Counter, "messages", ["source"], "Telemetry messages that a source numbered and that never came";
    RolesDied, "zizhi_roles_died", Counter, "roles", ["measure"], "Roles that died, by what was done about it";
    Resumes, "zizhi_resumes", Counter, "agents", [], "Agents that took up what their journal tells";
    PeersLost, "zizhi_peers_lost", Counter, "peers", ["domain"], "Times that a peer stopped keeping its lease";
    PeerUp, "zizhi_peer_up", Gauge, "none", ["domain"], "1 while the peer's agent keeps its lease, else 0";
    LeasesHeld, "zizhi_leases_held", Gauge, "leases", [], "Leases that this process holds";
    QueueMessages, "zizhi_queue_messages", Gauge, "messages", ["queue"], "Messages that wait in a queue";
    BusPublished, "zizhi_bus_published", Counter, "messages", [], "Messages that the bus accepted";
    BusDropped, "zizhi_bus_dropped", Counter, "messages", [], "Telemetry messages that the bus dropped at a full queue";
    BusUnheard, "zizhi_bus_unheard", Counter, "messages", [], "Messages that matched no subscription, on the embedded bus";
    BusMissed, "zizhi_bus_missed", Counter, "messages", [], "Telemetry of other processes that never came";
    BusDuplicates, "zizhi_bus_duplicates", Counter, "messages", [], "Messages that came again";
    BusReordered, "zizhi_bus_reordered", Counter, "messages", [], "Telemetry that came after a later one of its source";
    BusUnreadable, "zizhi_bus_unreadable", Counter, "messages", [], "Messages on the bus that are none of ours";
    JournalRecords, "zizhi_journal_records", Counter, "records", [], "Records appended to the journal";
    JournalBytes, "zizhi_journal_bytes", Counter, "bytes", [], "Bytes written to the journal";
    JournalFsync, "zizhi_journal_fsync", Counter, "fsyncs", [], "Times that the disk was made to keep the journal";
    JournalLag, "zizhi_journal_durable_lag_records", Gauge, "records", [], "Records appended and not durable yet";
    IngestMessages, "zizhi_ingest_messages", Counter, "messages", ["source", "format", "result"], "Messages from outside, by sender and by whether they were read or dropped unread";
    IngestValues, "zizhi_ingest_values", Counter, "values", ["source", "result"], "Values from outside, by sender and by what became of them";
    IngestSkew, "zizhi_ingest_clock_skew_seconds", Gauge, "seconds", ["source"], "Median of the time of receipt minus the stated time, positive where the sender's clock is behind";
    SpansExported, "zizhi_spans_exported", Counter, "spans", ["result"], "Spans given to the exporter, by what became of them";
}
