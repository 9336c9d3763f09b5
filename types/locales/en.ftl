# English. One key per word or sentence; zh.ftl has the same keys. Values arrive ready for reading (numbers with units).

## Who
agent-transport = Transport agent
agent-compute = Compute agent
agent-service = Service agent
agent-access = Access agent
agent-swarm = The swarm
actor-both = { $agent }, on the word of { $name },

## Words
domain-transport = transport
domain-compute = compute
domain-service = service
domain-access = access

stage-swarm = Swarm
stage-sense = Sense
stage-detect = Detect
stage-correlate = Correlate
stage-diagnose = Diagnose
stage-plan = Plan
stage-negotiate = Negotiate
stage-rehearse = Rehearse
stage-decide = Decide
stage-act = Act
stage-verify = Verify
stage-learn = Learn

object-router = router
object-port = port
object-link = link
object-path = path
object-demand = demand
object-site = site
object-instance = instance
object-gateway = gateway
object-service = service
object-group = user group
object-steer = steering share
object-cell = cell
object-node = node

fault-link-down = link down
fault-link-rate-cut = link rate cut
fault-link-lossy = lossy link
fault-link-flapping = flapping link
fault-silent-cut = silent link cut
fault-wrong-cost = wrong routing cost
fault-router-crash = router crash
fault-traffic-surge = traffic surge
fault-instance-crash = instance crash
fault-instance-slow = slow instance (noisy neighbour)
fault-site-overload = site overload
fault-stale-policy = stale steering policy
fault-cell-outage = cell outage

verb-link-set-cost = set the IGP cost
verb-link-set-rate = set the link rate
verb-link-reset = reset the link
verb-router-restart = restart the router
verb-instance-restart = restart the instance
verb-instance-migrate = migrate the instance
verb-site-scale-out = add an instance at the site
verb-site-scale-in = remove an added instance from the site
verb-gateway-refresh-policy = refresh the steering policy
verb-instance-steer-limit = limit steering to the instance
verb-cell-restart = restart the cell
verb-cell-lock = lock the cell
verb-cell-unlock = unlock the cell
verb-cell-limit-admission = limit admission at the cell
verb-site-set-replicas = set the number of instances at the site
verb-node-cordon = cordon the node
verb-node-uncordon = uncordon the node
verb-node-drain = drain the node

metric-router-up = reachability
metric-router-uptime_s = uptime
metric-port-oper_up = carrier
metric-port-adjacency_up = routing adjacency
metric-port-cost = IGP cost
metric-port-rate_mbps = port rate
metric-port-out_mbps = outbound traffic
metric-port-utilization = utilization
metric-port-discard_ratio = discards
metric-port-error_ratio = packet errors
metric-port-queue_ms = queueing delay
metric-port-carrier_transitions = carrier changes
metric-path-rtt_ms = round-trip time
metric-path-loss_ratio = probe loss
metric-demand-mbps = offered traffic
metric-site-utilization = site utilization
metric-instance-up = health
metric-instance-utilization = worker utilization
metric-instance-service_ms = service time
metric-instance-latency_ms_p95 = p95 latency
metric-instance-rps = answered requests
metric-instance-rejected_ratio = rejected requests
metric-instance-steal_ratio = stolen processor time
metric-gateway-up = health
metric-gateway-policy_age_s = policy age
metric-group-rps = offered requests
metric-group-success_ratio = success ratio
metric-group-latency_ms_p95 = end-to-end p95 latency
metric-steer-share = steering share
metric-cell-up = on-air state
metric-cell-utilization = radio utilization
metric-cell-attached_users = attached users
metric-cell-failure_ratio = failed attempts

severity-critical = critical
severity-major = major
severity-minor = minor
severity-warning = warning
severity-indeterminate = indeterminate
severity-cleared = cleared

ending-fixed = fixed by a verified action
ending-recovered-alone = recovered without action
ending-merged = merged into another incident
ending-escalated = handed to a person
ending-still-open = still open when the swarm stopped

verdict-pass = pass
verdict-fail = fail
verdict-inconclusive = inconclusive

ruling-proceed = proceed
ruling-ask = ask a person
ruling-show-only = show only
ruling-deny = deny

mode-observe = observe
mode-suggest = suggest
mode-approve = approve
mode-auto = auto

run-end-helped = it helped
run-end-undone = it did not help and was taken back
run-end-stuck = it did not help and could not be taken back
run-end-not-run = it was not run

hypothesis-proposed = proposed
hypothesis-investigating = investigating
hypothesis-supported = supported
hypothesis-refuted = refuted

measure-restart = restarted it
measure-freeze = froze its runs

found-step-was-done = the step had been done
found-step-was-not-done = the step had not reached the network
found-step-is-unknown = nobody knows whether the step was done
found-between-steps = it stood between two steps
found-verifying = it was being verified
found-unclear = it waited for a person's verdict
found-standing = its remedy stands
found-not-begun = nothing had been done

reason-no-objective-violated = no objective is violated
reason-planned-work = planned work explains it
reason-explained-upstream = a fault upstream explains it
reason-verify-failed = the check after the run failed
reason-step-failed = a step failed
reason-healthy-again = the suspect is healthy again
reason-x-of-x-outcomes-were-good = { $x1 } of { $x2 } outcomes were good
reason-x-of-the-newest-x-outcomes-were-good-fewer-than-its-mode-asks-for = only { $x1 } of the newest { $x2 } outcomes were good, fewer than its mode asks for
reason-a-person-accepted-it = a person accepted it
reason-it-did-harm-x = it did harm ({ $x1 })
reason-operator = an operator asked for it

likelihood-virtually-certain = virtually certain
likelihood-very-likely = very likely
likelihood-likely = likely
likelihood-even = about as likely as not
likelihood-unlikely = unlikely
likelihood-very-unlikely = very unlikely

## Pieces
state-up = up
state-down = down
unit-per-second = { $number }/s
unit-second = { $number } s
unit-minute = { $number } min
unit-other = { $number } { $unit }
probability = { $percent } ({ $words })
list-comma = {", "}
list-more = { $list } and { $count } more
list-empty = none
violation = { $object } { $metric } { $value } (limit { $limit })
suspect = { $fault } at { $object }, { $probability }
note = { $sentence } { $note }

refuse-harms-objective = its twin predicts harm to { $violations }
refuse-busy = a run for { $incident } is at work on the same object
refuse-stale-lease = the lease is older than token { $token } held by the { $agent }
refuse-guard = a guard refuses: { $reason }
refuse-nothing-to-offer = it has no playbook for this
refuse-not-yet = its playbook waits { $seconds } s more for the symptoms to last

against-expected-symptom-absent = { $object } { $metric } should be unusual and is not
against-unexplained = { $object } { $metric } stays unexplained
against-late-onset = its own symptoms began { $late } after the effects
evidence = { $object } { $metric } depends on it over { $path }

part-twin = the twin
part-negotiation = negotiation
part-graph = the knowledge graph
part-learning = learning

## Swarm
record-swarm-started = { $actor } { $version } started on network { $network } in mode { $mode }{ $seed ->
    [none] .
   *[other] {" "}with seed { $seed }.
}{ $cases ->
    [0] {""}
    [one] {" "}It brings 1 case from earlier runs.
   *[other] {" "}It brings { $cases } cases from earlier runs.
}{ $without ->
    [0] {""}
   *[other] {" "}It goes without: { $parts }.
}
record-swarm-drained = { $actor } drained and stopped ({ $reason }): { $messages } messages carried, { $dropped } dropped.
record-role-died = { $actor } lost its { $role } ({ $reason }); the supervisor { $measure }.
record-resumed = { $actor } was started again and found { $records ->
    [one] 1 record
   *[other] { $records } records
} of its own: { $runs ->
    [0] no run had been cut off
    [one] 1 run had been cut off
   *[other] { $runs } runs had been cut off
}, and it led { $incidents ->
    [0] no open incident
    [one] 1 open incident
   *[other] { $incidents } open incidents
}.
record-peer-lost = { $actor } does not hear from { $peer } any more: its lease has run out.
record-peer-back = { $actor } hears from { $peer } again.
record-dropped = { $actor } dropped { $messages ->
    [one] 1 telemetry message
   *[other] { $messages } telemetry messages
} at a full queue.
record-sealed = { $actor } sealed the journal after { $records ->
    [one] 1 record
   *[other] { $records } records
}.

## Sense
record-raw = { $actor } kept raw message { $message } from { $subject } as evidence.
record-dead-letter = { $actor } could not read message { $message } from { $subject }: { $reason }.
record-maintenance-noted = { $actor } noted planned work { $ticket } on { $objects } until { $until }.

## Detect
record-anomaly-raised = { $actor } found { $metric } of { $object } unusual: { $observed } seen, { $expected } expected (score { $score }, { $limit ->
    [none] within its objective
   *[other] breaks the limit of { $limit }
}).
record-anomaly-cleared = { $actor } saw anomaly { $anomaly } end.

## Correlate
record-incident-opened = { $actor } opened incident { $incident } and leads it (token { $token }) with { $symptoms ->
    [one] 1 symptom
   *[other] { $symptoms } symptoms
}; violated: { $violations }.
record-took-over = { $actor } took over from { $from }, which was lost, and leads from here on (token { $token }).
record-gave-way = { $actor } gave way to { $to }, which leads by now (token { $token }).
record-symptoms-joined = { $actor } joined { $symptoms ->
    [one] 1 more symptom
   *[other] { $symptoms } more symptoms
} to the incident: { $list }.
record-suppressed = { $actor } takes no action on { $list }: { $reason }. { $detail }
record-incident-closed = { $actor } closed the incident: { $ending }.

## Diagnose
record-diagnosed = { $actor } suspects { $first }{ $others ->
    [none] {""}
   *[other] ; then { $others }
}; some other cause: { $other }.
record-diagnosed-nothing = { $actor } found no cause to name; some other cause: { $other }.
record-evidence-insufficient = { $actor } cannot decide yet; it needs { $need }.

## Plan
record-planned = { $actor } drew up { $plans ->
    [one] 1 plan
   *[other] { $plans } plans
} ({ $list }) and left out { $rejected ->
    [one] 1 playbook
   *[other] { $rejected } playbooks
}{ $case ->
    [none] .
   *[other] ; past incident { $case }{ $run ->
        [none] {""}
       *[other] {" "}of run { $run }
    } put the first one first.
}
record-no-plan = { $actor } has no plan: { $reason }.

## Negotiate
record-called = { $actor } called for remedies from { $domains }.
record-bid-received = { $actor } received a bid from the { $from }: { $playbook } on { $suspect } ({ $plan }); violations predicted: { $with } with it, { $without } without; cost { $cost } tokens, risk { $risk }, { $reversible ->
    [yes] reversible
   *[no] not reversible
}, { $tried ->
    [0] never tried before
   *[other] helped in { $success } of { $tried } runs
}.
record-refused = { $plan ->
    [none] { $actor } got no offer from the { $from }: { $reason }.
   *[other] { $actor } was refused by the { $from } for { $plan }: { $reason }.
}
record-awarded = { $actor } awarded { $plan } to the { $to }; agreed: { $agreed }.
record-committed = { $actor } committed to { $plan } under token { $token } of the { $leader }.
record-aborted = { $actor } gave up { $plan } before any change: { $reason }.

## Rehearse
record-rehearsed = { $actor } rehearsed { $plan } in the twin: { $with } violated with it, { $without } without; { $worse ->
    [yes] it makes an objective worse
   *[no] it makes nothing worse
}; { $samples ->
    [0] the twin has not been measured on this action yet
   *[other] twin error { $error } over { $samples } past predictions
}.

## Decide
record-decided = { $actor } ruled on { $plan } ({ $playbook }) in mode { $mode }: { $ruling }; { $failed ->
    [none] every guard passes ({ $guards } checked).
   *[other] guards against it: { $failed }.
}
record-approved = { $granted ->
    [yes] { $actor } approved plan { $fingerprint }.
   *[no] { $actor } turned down plan { $fingerprint }: { $reason }.
}
record-approval-asked = { $actor } asks { $people ->
    [1] a person
   *[other] { $people } different people
} for a yes to { $plan } ({ $fingerprint }); without an answer until { $expires } it is not done.
record-answer-refused = { $actor } gave an answer to plan { $fingerprint } that does not count: { $reason }.
record-approval-ended = { $actor } ended its request for a yes to { $plan }: { $state }.
record-kill-switch = { $on ->
    [yes] { $actor } pressed the kill switch: { $reason }. No new step is begun.
   *[no] { $actor } released the kill switch: { $reason }.
}
record-breaker-closed = { $actor } closed the breaker of { $playbook }: { $reason }.
record-escalated = { $actor } asks a person to take over: { $reason }.

## Act
record-step-started = { $actor } starts step { $step } of { $run }: { $action }.
record-step-done = { $actor } finished step { $step } of { $run }: the network went from { $before } to { $after }.
record-run-resumed = { $actor } took up run { $run } of { $plan } after its restart: { $found }.
record-step-failed = { $actor } failed at step { $step } of { $run }: { $reason }; { $unknown ->
    [yes] whether the network changed is unknown, so the step is never repeated.
   *[no] nothing was changed.
}
record-undo-started = { $actor } takes back step { $step } of { $run } because { $reason }: { $action }.
record-undo-done = { $actor } took back step { $step } of { $run }: the network went from { $before } to { $after }.
record-undo-failed = { $actor } could not take back step { $step } of { $run }: { $reason }{ $unknown ->
    [yes] ; whether the network changed is unknown, so it is never repeated
   *[no] {""}
}.{ $before ->
    [none] {""}
   *[other] {" "}Before: { $before }; wanted: { $wanted }; found now: { $found }.
}
record-frozen = { $actor } froze { $object }: only a person may change it now ({ $reason }).

## Verify
record-verified = { $actor } verified { $run }: { $verdict }, because { $reason }. Violated before: { $before }; now: { $after }.

## Learn
record-mode-changed = { $actor } { $up ->
    [yes] raised
   *[no] lowered
} playbook { $playbook }{ $class ->
    [none] {""}
   *[other] {" "}for class { $class }
} from { $from } to { $to }: { $reason } ({ $evidence ->
    [1] one outcome
   *[other] { $evidence } outcomes
}).
record-mode-proposed = { $actor } proposes playbook { $playbook }{ $class ->
    [none] {""}
   *[other] {" "}for class { $class }
} for { $to } instead of { $from }: { $reason } ({ $evidence ->
    [1] one outcome
   *[other] { $evidence } outcomes
}); a person has to accept it.
record-remembered = { $actor } remembers { $playbook } against { $fault }: { $outcome }{ $error ->
    [none] .
   *[other] ; the twin was off by { $error }.
}

## Guards
guard-kill-switch = kill switch
guard-fingerprint = fingerprint
guard-blast-radius = blast radius
guard-capacity = capacity
guard-one-location = one location at a time
guard-redundancy = redundancy floor
guard-risk = risk
guard-one-at-a-time = one at a time
guard-concurrency = runs in flight
guard-rate = rate
guard-throttle = throttle
guard-cool-down = cool-down
guard-breaker = breaker
guard-fresh-evidence = fresh evidence
guard-target-heard = fresh telemetry of the target
guard-change-freeze = change freeze
guard-calendar = calendar
guard-not-frozen = not frozen
guard-mode = mode

## Reasons: the key is the English text, with x for what varies
reason-the-checks-hold-and-nothing-got-worse = the checks hold and nothing got worse
reason-the-checks-do-not-hold = the checks do not hold
reason-what-was-violated-before-still-is = what was violated before still is
reason-what-must-be-checked-was-not-measured-since = what must be checked was not measured since
reason-x-got-worse = { $x1 } got worse
reason-pressed-by-an-operator = pressed by an operator
reason-it-cannot-be-told-whether-the-change-helped = it cannot be told whether the change helped
reason-the-symptoms-went-by-themselves = the symptoms went by themselves
reason-the-evidence-names-no-cause = the evidence names no cause
reason-it-is-the-same-as-x = it is the same as { $x1 }
reason-no-playbook-is-for-this-fault = no playbook is for this fault
reason-it-panicked-on-an-input = it panicked on an input
reason-the-role-died-while-it-handled-an-input = the role died while it handled an input
reason-the-executor-died-during-the-step = the executor died during the step
reason-its-own-domain-has-no-remedy-to-try = its own domain has no remedy to try
reason-no-domain-offers-a-remedy-that-the-twin-finds-safe = no domain offers a remedy that the twin finds safe
reason-x-remedies-were-tried-without-success = { $x1 } remedies were tried without success
reason-one-remedy-was-tried-without-success-and-no-other-is-promising = one remedy was tried without success, and no other is promising
reason-a-change-could-neither-be-verified-nor-taken-back = a change could neither be verified nor taken back
reason-not-every-domain-answered = not every domain answered
reason-transport-refused = transport refused
reason-compute-refused = compute refused
reason-service-refused = service refused
reason-access-refused = access refused
reason-the-awarded-domain-did-not-report-the-effect-is-unknown = the awarded domain did not report: the effect is unknown
reason-the-twin-s-state-is-x-s-old-nothing-can-be-rehearsed-on-it = the twin's state is { $x1 } s old: nothing can be rehearsed on it
reason-the-kill-switch-is-off = the kill switch is off
reason-the-kill-switch-is-on-pressed-by-an-operator = the kill switch is on: pressed by an operator
reason-the-playbook-s-blast-radius-is-not-known-here = the playbook's blast radius is not known here
reason-x-objects-x-services = { $x1 } objects, { $x2 } services
reason-it-touches-x-objects-the-playbook-allows-x = it touches { $x1 } objects; the playbook allows { $x2 }
reason-a-run-of-x-is-at-work-on-x = a run of { $x1 } is at work on { $x2 }
reason-no-other-run-is-at-work-on-its-objects = no other run is at work on its objects
reason-x-was-acted-on-x-times-in-x-minutes-at-most-x-are-allowed = { $x1 } was acted on { $x2 } times in { $x3 } minutes; at most { $x4 } are allowed
reason-within-x-actions-per-object-in-x-minutes = within { $x1 } actions per object in { $x2 } minutes
reason-there-is-no-evidence = there is no evidence
reason-the-newest-evidence-is-x-s-old-at-most-x-s-are-allowed = the newest evidence is { $x1 } s old; at most { $x2 } s are allowed
reason-the-newest-evidence-is-x-s-old = the newest evidence is { $x1 } s old
reason-no-planned-work-on-its-objects = no planned work on its objects
reason-none-of-its-objects-is-frozen = none of its objects is frozen
reason-mode-auto-ceiling-auto = mode auto, ceiling auto
reason-the-campaign-is-over = the campaign is over
reason-the-cause-has-probability-x-less-than-x = the cause has probability { $x1 }, less than { $x2 }
reason-it-would-touch-x-objects-more-than-the-x-it-may = it would touch { $x1 } objects, more than the { $x2 } it may

## What guards and requests say
reason-it-takes-out-x---of-the-live-capacity-of-its-domain-at-most-x---are-allowed-a-person-decides = it takes out { $x1 } % of the live capacity of its domain; at most { $x2 } % are allowed: a person decides
reason-it-takes-out-x---of-the-live-capacity = it takes out { $x1 } % of the live capacity
reason-its-playbook-sets-no-throttle = its playbook sets no throttle
reason-what-was-measured-is-neither-good-nor-a-failure = what was measured is neither good nor a failure
reason-x-good-readings-in-a-row-and-x-are-asked-for = { $x1 } good readings in a row, and { $x2 } are asked for
reason-its-playbook-runs-once-in-x-minutes-for-one-object-and-ran-x-s-ago = its playbook runs once in { $x1 } minutes for one object, and ran { $x2 } s ago
reason-its-playbook-did-not-run-for-this-object-in-the-last-x-minutes = its playbook did not run for this object in the last { $x1 } minutes
reason-its-playbook-runs-once-in-x-minutes-for-one-incident-and-ran-x-s-ago = its playbook runs once in { $x1 } minutes for one incident, and ran { $x2 } s ago
reason-its-playbook-did-not-run-for-this-incident-in-the-last-x-minutes = its playbook did not run for this incident in the last { $x1 } minutes
reason-its-playbook-runs-once-in-x-minutes-for-one-playbook-and-ran-x-s-ago = its playbook runs once in { $x1 } minutes for one playbook, and ran { $x2 } s ago
reason-its-playbook-did-not-run-for-this-playbook-in-the-last-x-minutes = its playbook did not run for this playbook in the last { $x1 } minutes
reason-the-live-topology-is-not-known-here = the live topology is not known here
reason-the-risk-cannot-be-told-without-the-live-topology = the risk cannot be told without the live topology
reason-x-is-not-in-the-inventory = { $x1 } is not in the inventory
reason-x-and-x-would-be-cut-off-from-each-other = { $x1 } and { $x2 } would be cut off from each other
reason-what-is-left-carries-on = what is left carries on
reason-its-risk-is-x-at-most-x-is-allowed-a-person-decides = its risk is { $x1 }; at most { $x2 } is allowed: a person decides
reason-its-risk-is-x = its risk is { $x1 }
reason-x-runs-are-in-flight-in-this-domain-at-most-x-are-allowed = { $x1 } runs are in flight in this domain; at most { $x2 } are allowed
reason-x-runs-are-in-flight-in-all-domains-at-most-x-are-allowed = { $x1 } runs are in flight in all domains; at most { $x2 } are allowed
reason-x-other-runs-are-in-flight = { $x1 } other runs are in flight
reason-x-runs-were-begun-in-this-domain-within-the-hour-at-most-x-are-allowed = { $x1 } runs were begun in this domain within the hour; at most { $x2 } are allowed
reason-none-of-its-objects-has-to-rest = none of its objects has to rest
reason-x-rollbacks-of-late = { $x1 } rollbacks of late
reason-x-was-never-heard-of-through-its-own-telemetry = { $x1 } was never heard of through its own telemetry
reason-x-was-last-heard-of-x-s-ago-at-most-x-s-are-allowed = { $x1 } was last heard of { $x2 } s ago; at most { $x3 } s are allowed
reason-the-playbook-is-for-a-target-that-is-not-heard = the playbook is for a target that is not heard
reason-all-of-its-objects-are-heard = all of its objects are heard
reason-the-calendar-allows-changes-now = the calendar allows changes now
reason-it-is-outside-the-change-windows-a-person-decides = it is outside the change windows: a person decides
reason-nobody-was-asked-about-this-plan = nobody was asked about this plan
reason-the-topology-has-changed-since-it-was-asked = the topology has changed since it was asked
reason-it-comes-too-late-the-request-is-expired = it comes too late: the request is expired
reason-it-comes-too-late-the-request-is-approved = it comes too late: the request is approved
reason-it-comes-too-late-the-request-is-rejected = it comes too late: the request is rejected
reason-it-comes-too-late-the-request-is-withdrawn = it comes too late: the request is withdrawn
reason-it-comes-too-late-the-request-is-superseded = it comes too late: the request is superseded
reason-it-comes-too-late-the-request-is-stopped = it comes too late: the request is stopped
reason-this-person-has-answered-already = this person has answered already
reason-who-wrote-the-playbook-does-not-approve-it-too = who wrote the playbook does not approve it too
reason-an-answer-needs-a-name = an answer needs a name
reason-the-agent-was-just-started-again-and-does-not-see-the-network-yet = the agent was just started again and does not see the network yet
reason-refused-the-kill-switch-was-pressed-before-the-step-began = refused: the kill switch was pressed before the step began
reason-not-known = not known

## How a request for a yes ended
approval-expired = nobody answered in time
approval-superseded = the topology has changed
approval-withdrawn = the incident is over
approval-stopped = the kill switch was pressed
reason-the-plan-s-content-is-x = the plan's content is { $x1 }
reason-x-sites = { $x1 } sites
reason-the-playbook-s-mode-suggest-is-lowered-to-the-ceiling-observe = the playbook's mode suggest is lowered to the ceiling observe
reason-the-playbook-s-mode-approve-is-lowered-to-the-ceiling-observe = the playbook's mode approve is lowered to the ceiling observe
reason-the-playbook-s-mode-approve-is-lowered-to-the-ceiling-suggest = the playbook's mode approve is lowered to the ceiling suggest
reason-the-playbook-s-mode-auto-is-lowered-to-the-ceiling-observe = the playbook's mode auto is lowered to the ceiling observe
reason-the-playbook-s-mode-auto-is-lowered-to-the-ceiling-suggest = the playbook's mode auto is lowered to the ceiling suggest
reason-the-playbook-s-mode-auto-is-lowered-to-the-ceiling-approve = the playbook's mode auto is lowered to the ceiling approve
