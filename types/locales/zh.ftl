# 中文。键与 en.ftl 一一对应；数值传入时已带单位。

## 主体
agent-transport = 传输智能体
agent-compute = 算力智能体
agent-service = 业务智能体
agent-access = 接入智能体
agent-swarm = 智能体群
actor-both = { $agent }（经 { $name } 确认）

## 词汇
domain-transport = 传输
domain-compute = 算力
domain-service = 业务
domain-access = 接入

stage-swarm = 系统
stage-sense = 感知
stage-detect = 检测
stage-correlate = 关联
stage-diagnose = 定界定位
stage-plan = 方案
stage-negotiate = 协商
stage-rehearse = 孪生预演
stage-decide = 决策
stage-act = 执行
stage-verify = 验证
stage-learn = 学习

object-router = 路由器
object-port = 端口
object-link = 链路
object-path = 路径
object-demand = 流量需求
object-site = 算力站点
object-instance = 业务实例
object-gateway = 业务网关
object-service = 业务
object-group = 用户组
object-steer = 调度份额
object-cell = 小区
object-node = 节点

fault-link-down = 链路中断
fault-link-rate-cut = 链路降速
fault-link-lossy = 链路误码丢包
fault-link-flapping = 链路闪断
fault-silent-cut = 链路静默中断
fault-wrong-cost = 路由开销配置错误
fault-router-crash = 路由器宕机
fault-traffic-surge = 流量突增
fault-instance-crash = 实例宕机
fault-instance-slow = 同机干扰致实例变慢
fault-site-overload = 站点过载
fault-stale-policy = 调度策略过期
fault-cell-outage = 小区退服

verb-link-set-cost = 调整 IGP 开销
verb-link-set-rate = 设置链路速率
verb-link-reset = 复位链路
verb-router-restart = 重启路由器
verb-instance-restart = 重启实例
verb-instance-migrate = 迁移实例
verb-site-scale-out = 站点扩容
verb-site-scale-in = 站点缩容
verb-gateway-refresh-policy = 刷新调度策略
verb-instance-steer-limit = 限制向实例的调度份额
verb-cell-restart = 重启小区
verb-cell-lock = 闭锁小区
verb-cell-unlock = 解锁小区
verb-cell-limit-admission = 限制小区接入
verb-site-set-replicas = 设置站点的实例数
verb-node-cordon = 将节点设为不可调度
verb-node-uncordon = 恢复节点调度
verb-node-drain = 排空节点

metric-router-up = 可达状态
metric-router-uptime_s = 运行时长
metric-port-oper_up = 物理状态
metric-port-adjacency_up = 路由邻接状态
metric-port-cost = IGP 开销
metric-port-rate_mbps = 端口速率
metric-port-out_mbps = 出方向流量
metric-port-utilization = 带宽利用率
metric-port-discard_ratio = 队列丢包率
metric-port-error_ratio = 误码丢包率
metric-port-queue_ms = 排队时延
metric-port-carrier_transitions = 闪断次数
metric-path-rtt_ms = 往返时延
metric-path-loss_ratio = 拨测丢包率
metric-demand-mbps = 入网流量
metric-site-utilization = 站点利用率
metric-instance-up = 健康状态
metric-instance-utilization = 工作线程利用率
metric-instance-service_ms = 处理时长
metric-instance-latency_ms_p95 = P95 时延
metric-instance-rps = 请求处理速率
metric-instance-rejected_ratio = 请求拒绝率
metric-instance-steal_ratio = CPU 被抢占比例
metric-gateway-up = 健康状态
metric-gateway-policy_age_s = 策略时效
metric-group-rps = 请求速率
metric-group-success_ratio = 请求成功率
metric-group-latency_ms_p95 = 端到端 P95 时延
metric-steer-share = 调度份额
metric-cell-up = 在网状态
metric-cell-utilization = 空口利用率
metric-cell-attached_users = 接入用户数
metric-cell-failure_ratio = 接入失败率

severity-critical = 紧急
severity-major = 重要
severity-minor = 次要
severity-warning = 警告
severity-indeterminate = 未定级
severity-cleared = 已清除

ending-fixed = 处置有效，验证通过
ending-recovered-alone = 未经处置自行恢复
ending-merged = 已并入其他故障事件
ending-escalated = 已转人工
ending-still-open = 系统停止时仍未关闭

verdict-pass = 通过
verdict-fail = 不通过
verdict-inconclusive = 无法判定

ruling-proceed = 放行
ruling-ask = 待人工审批
ruling-show-only = 仅展示
ruling-deny = 否决

mode-observe = 观察
mode-suggest = 建议
mode-approve = 审批
mode-auto = 自动

run-end-helped = 处置有效
run-end-undone = 处置无效，已回退
run-end-stuck = 处置无效，且回退失败
run-end-not-run = 未执行

hypothesis-proposed = 待查
hypothesis-investigating = 取证中
hypothesis-supported = 成立
hypothesis-refuted = 排除

measure-restart = 已将其重启
measure-freeze = 已冻结其执行任务

found-step-was-done = 该步骤已执行
found-step-was-not-done = 该步骤未到达网络
found-step-is-unknown = 无法确认该步骤是否已执行
found-between-steps = 停在两个步骤之间
found-verifying = 正在验证
found-unclear = 正在等待人工裁决
found-standing = 临时措施仍在生效
found-not-begun = 尚未执行任何动作

reason-no-objective-violated = 未违反任何目标
reason-planned-work = 属计划内作业
reason-explained-upstream = 由上游故障引起
reason-verify-failed = 执行后验证未通过
reason-step-failed = 步骤执行失败
reason-healthy-again = 故障对象已恢复正常
reason-x-of-x-outcomes-were-good = { $x2 } 次结果中有 { $x1 } 次有效
reason-x-of-the-newest-x-outcomes-were-good-fewer-than-its-mode-asks-for = 最近 { $x2 } 次结果中仅 { $x1 } 次有效，低于当前模式的要求
reason-a-person-accepted-it = 经人工接受
reason-it-did-harm-x = 造成了损害（{ $x1 }）
reason-operator = 操作员要求

likelihood-virtually-certain = 几乎可以确定
likelihood-very-likely = 很可能
likelihood-likely = 较可能
likelihood-even = 可能性约一半
likelihood-unlikely = 不太可能
likelihood-very-unlikely = 可能性很小

## 片段
state-up = 正常
state-down = 中断
unit-per-second = { $number } 次/秒
unit-second = { $number } 秒
unit-minute = { $number } 分钟
unit-other = { $number } { $unit }
probability = { $percent }（{ $words }）
list-comma = 、
list-more = { $list }等，另有 { $count } 项
list-empty = 无
violation = { $object }的{ $metric }为 { $value }（门限 { $limit }）
suspect = { $fault }（{ $object }），概率 { $probability }
note = { $sentence }{ $note }

refuse-harms-objective = 其孪生预测将劣化：{ $violations }
refuse-busy = 同一对象上正在执行 { $incident } 的处置
refuse-stale-lease = 租约已过期，{ $agent }持有更新的令牌 { $token }
refuse-guard = 护栏拦截：{ $reason }
refuse-nothing-to-offer = 没有适用的预案
refuse-not-yet = 预案要求症状再持续 { $seconds } 秒

against-expected-symptom-absent = { $object }的{ $metric }本应异常，实际正常
against-unexplained = 无法解释{ $object }的{ $metric }异常
against-late-onset = 自身异常比受影响对象晚出现 { $late }
evidence = { $object }的{ $metric }异常，依赖路径：{ $path }

part-twin = 数字孪生
part-negotiation = 协商
part-graph = 知识图谱
part-learning = 学习

## 系统
record-swarm-started = { $actor } { $version } 已启动，网络 { $network }，运行模式为{ $mode }{ $seed ->
    [none] 。
   *[other] ，随机种子 { $seed }。
}{ $cases ->
    [0] {""}
   *[other] 带入历次运行的案例 { $cases } 个。
}{ $without ->
    [0] {""}
   *[other] 停用部分：{ $parts }。
}
record-swarm-drained = { $actor }已有序停止（{ $reason }）：共传递消息 { $messages } 条，丢弃 { $dropped } 条。
record-role-died = { $actor }的 { $role } 角色异常退出（{ $reason }），监督者{ $measure }。
record-resumed = { $actor }重新启动，找到自己的记录 { $records } 条：被中断的执行 { $runs } 个，正在主导的事件 { $incidents } 个。
record-peer-lost = { $actor }已收不到{ $peer }的心跳：其租约已过期。
record-peer-back = { $actor }重新收到{ $peer }的心跳。
record-dropped = { $actor }因队列已满，丢弃遥测消息 { $messages } 条。
record-sealed = { $actor }已封存日志，此前共 { $records } 条记录。

## 感知
record-raw = { $actor }留存来自 { $subject } 的原始消息 { $message } 作为证据。
record-dead-letter = { $actor }无法解析来自 { $subject } 的消息 { $message }：{ $reason }。
record-maintenance-noted = { $actor }已登记计划作业 { $ticket }，涉及{ $objects }，至 { $until } 结束。

## 检测
record-anomaly-raised = { $actor }发现{ $object }的{ $metric }异常：实测 { $observed }，预期 { $expected }（异常分 { $score }，{ $limit ->
    [none] 未超出目标门限
   *[other] 已超出目标门限 { $limit }
}）。
record-anomaly-cleared = { $actor }确认异常 { $anomaly } 已消除。

## 关联
record-incident-opened = { $actor }创建并牵头处理故障事件 { $incident }（令牌 { $token }），关联 { $symptoms } 个异常；未达成的目标：{ $violations }。
record-took-over = { $actor }接替已失联的{ $from }，自此主导该事件（令牌 { $token }）。
record-gave-way = { $actor }让出主导权：该事件现由{ $to }主导（令牌 { $token }）。
record-symptoms-joined = { $actor }将另外 { $symptoms } 个异常并入该故障事件：{ $list }。
record-suppressed = { $actor }对 { $list } 不作处置：{ $reason }。{ $detail }
record-incident-closed = { $actor }关闭该故障事件：{ $ending }。

## 定界定位
record-diagnosed = { $actor }判断首要根因为{ $first }{ $others ->
    [none] {""}
   *[other] ；其次为{ $others }
}；其他原因的概率为 { $other }。
record-diagnosed-nothing = { $actor }暂未定位到根因；其他原因的概率为 { $other }。
record-evidence-insufficient = { $actor }证据不足，暂无法定论，还需要：{ $need }。

## 方案
record-planned = { $actor }生成 { $plans } 个候选方案（{ $list }），排除 { $rejected } 个预案{ $case ->
    [none] 。
   *[other] ；参照{ $run ->
        [none] {""}
       *[other] 运行 { $run } 中的
    }历史故障事件 { $case } 优先推荐第一个方案。
}
record-no-plan = { $actor }没有可用方案：{ $reason }。

## 协商
record-called = { $actor }向以下各域征集处置方案：{ $domains }。
record-bid-received = { $actor }收到{ $from }的投标：对{ $suspect }执行预案 { $playbook }（{ $plan }）；预测未达成的目标：执行后 { $with } 项，不处置 { $without } 项；成本 { $cost } 算力令牌，风险 { $risk }，{ $reversible ->
    [yes] 可回退
   *[no] 不可回退
}，{ $tried ->
    [0] 尚无历史记录
   *[other] 历史 { $tried } 次执行成功率 { $success }
}。
record-refused = { $plan ->
    [none] { $actor }未收到{ $from }的投标：{ $reason }。
   *[other] { $actor }提出的 { $plan } 被{ $from }拒绝：{ $reason }。
}
record-awarded = { $actor }将 { $plan } 授予{ $to }；已同意：{ $agreed }。
record-committed = { $actor }承诺执行 { $plan }，由{ $leader }牵头（令牌 { $token }）。
record-aborted = { $actor }在变更前放弃 { $plan }：{ $reason }。

## 孪生预演
record-rehearsed = { $actor }在孪生中预演 { $plan }：执行后未达成目标 { $with } 项，不处置 { $without } 项；{ $worse ->
    [yes] 会使部分目标劣化
   *[no] 不会使任何目标劣化
}；{ $samples ->
    [0] 孪生对此类动作尚无误差记录
   *[other] 孪生误差 { $error }（基于 { $samples } 次历史预测）
}。

## 决策
record-decided = { $actor }对 { $plan }（{ $playbook }）的裁决为{ $ruling }，模式为{ $mode }；{ $failed ->
    [none] { $guards } 项护栏检查全部通过。
   *[other] 未通过的护栏：{ $failed }。
}
record-approved = { $granted ->
    [yes] { $actor }已批准方案 { $fingerprint }。
   *[no] { $actor }未批准方案 { $fingerprint }：{ $reason }。
}
record-approval-asked = { $actor }请求{ $people ->
    [1] 一人
   *[other] { $people } 位不同人员
}批准 { $plan }（{ $fingerprint }）；{ $expires } 前未答复则不执行。
record-answer-refused = { $actor }对方案 { $fingerprint } 的答复无效：{ $reason }。
record-approval-ended = { $actor }已结束对 { $plan } 的审批请求：{ $state }。
record-kill-switch = { $on ->
    [yes] { $actor }已启用紧急停止：{ $reason }。不再开始新的步骤。
   *[no] { $actor }已解除紧急停止：{ $reason }。
}
record-breaker-closed = { $actor }已复位预案 { $playbook } 的熔断：{ $reason }。
record-escalated = { $actor }请求转人工处理：{ $reason }。

## 执行
record-step-started = { $actor }开始执行 { $run } 的步骤 { $step }：{ $action }。
record-step-done = { $actor }完成 { $run } 的步骤 { $step }：网络状态由 { $before } 变为 { $after }。
record-run-resumed = { $actor }重启后接续执行 { $run }（方案 { $plan }）：{ $found }。
record-step-failed = { $actor }执行 { $run } 的步骤 { $step } 失败：{ $reason }；{ $unknown ->
    [yes] 无法确认网络是否已变更，该步骤不再重试。
   *[no] 网络未发生变更。
}
record-undo-started = { $actor }开始回退 { $run } 的步骤 { $step }（{ $action }），原因：{ $reason }。
record-undo-done = { $actor }已回退 { $run } 的步骤 { $step }：网络状态由 { $before } 变为 { $after }。
record-undo-failed = { $actor }未能回退 { $run } 的步骤 { $step }：{ $reason }{ $unknown ->
    [yes] ；无法确认网络是否已变更，不再重试
   *[no] {""}
}。{ $before ->
    [none] {""}
   *[other] 执行前：{ $before }；应恢复为：{ $wanted }；当前读取：{ $found }。
}
record-frozen = { $actor }已冻结{ $object }，此后仅允许人工变更（{ $reason }）。

## 验证
record-verified = { $actor }对 { $run } 的验证结论为{ $verdict }：{ $reason }。执行前未达成的目标：{ $before }；当前：{ $after }。

## 学习
record-mode-changed = { $actor }{ $up ->
    [yes] 提升
   *[no] 降低
}预案 { $playbook } { $class ->
    [none] {""}
   *[other] 对{ $class }类对象
}的自治模式：由{ $from }变为{ $to }，{ $reason }（依据 { $evidence ->
    [1] 1
   *[other] { $evidence }
} 次结果）。
record-mode-proposed = { $actor }建议将预案 { $playbook } { $class ->
    [none] {""}
   *[other] 对{ $class }类对象
}的自治模式由{ $from }提升为{ $to }：{ $reason }（依据 { $evidence ->
    [1] 1
   *[other] { $evidence }
} 次结果），须经人工接受后生效。
record-remembered = { $actor }记录处置经验：以预案 { $playbook } 处置{ $fault }，{ $outcome }{ $error ->
    [none] 。
   *[other] ；孪生预测偏差 { $error }。
}

## 护栏
guard-kill-switch = 紧急停止
guard-fingerprint = 方案指纹
guard-blast-radius = 影响范围
guard-capacity = 容量占用
guard-one-location = 单站点作业
guard-redundancy = 冗余下限
guard-risk = 风险
guard-one-at-a-time = 并发限制
guard-concurrency = 在途执行数
guard-rate = 频次限制
guard-throttle = 预案限频
guard-cool-down = 冷却期
guard-breaker = 熔断
guard-fresh-evidence = 证据时效
guard-target-heard = 目标遥测时效
guard-change-freeze = 封网作业
guard-calendar = 变更日历
guard-not-frozen = 冻结检查
guard-mode = 模式

## 理由：键取自英文原文，x 代表可变部分
reason-the-checks-hold-and-nothing-got-worse = 检查全部通过，且无任何劣化
reason-the-checks-do-not-hold = 检查未通过
reason-what-was-violated-before-still-is = 执行前未达成的目标仍未达成
reason-what-must-be-checked-was-not-measured-since = 执行后缺少所需的测量数据
reason-x-got-worse = { $x1 } 出现劣化
reason-pressed-by-an-operator = 操作员已按下
reason-it-cannot-be-told-whether-the-change-helped = 无法判定变更是否有效
reason-the-symptoms-went-by-themselves = 异常已自行消失
reason-the-evidence-names-no-cause = 现有证据不足以定位根因
reason-it-is-the-same-as-x = 与 { $x1 } 为同一故障事件
reason-no-playbook-is-for-this-fault = 没有针对该故障的预案
reason-it-panicked-on-an-input = 处理输入时异常退出
reason-the-role-died-while-it-handled-an-input = 角色在处理输入时异常退出
reason-the-executor-died-during-the-step = 执行者在步骤执行期间异常退出
reason-its-own-domain-has-no-remedy-to-try = 本领域没有可尝试的预案
reason-no-domain-offers-a-remedy-that-the-twin-finds-safe = 各域均未提出经孪生验证安全的处置方案
reason-x-remedies-were-tried-without-success = 已尝试 { $x1 } 种处置方案，均未奏效
reason-one-remedy-was-tried-without-success-and-no-other-is-promising = 已尝试一项处置但无效，且没有其他可行方案
reason-a-change-could-neither-be-verified-nor-taken-back = 变更既无法验证，也无法回退
reason-not-every-domain-answered = 部分域未答复
reason-transport-refused = 传输域拒绝
reason-compute-refused = 算力域拒绝
reason-service-refused = 业务域拒绝
reason-access-refused = 接入域拒绝
reason-the-awarded-domain-did-not-report-the-effect-is-unknown = 被授予方未回报结果，执行效果不明
reason-the-twin-s-state-is-x-s-old-nothing-can-be-rehearsed-on-it = 孪生状态已过 { $x1 } 秒，无法据此预演
reason-the-kill-switch-is-off = 紧急停止开关未启用
reason-the-kill-switch-is-on-pressed-by-an-operator = 紧急停止开关已启用：操作员已按下
reason-the-playbook-s-blast-radius-is-not-known-here = 预案的影响范围未知
reason-x-objects-x-services = 涉及 { $x1 } 个对象、{ $x2 } 项业务
reason-it-touches-x-objects-the-playbook-allows-x = 涉及 { $x1 } 个对象，预案上限为 { $x2 } 个
reason-a-run-of-x-is-at-work-on-x = { $x1 } 的处置正在 { $x2 } 上执行
reason-no-other-run-is-at-work-on-its-objects = 所涉对象上没有其他处置正在执行
reason-x-was-acted-on-x-times-in-x-minutes-at-most-x-are-allowed = { $x1 } 在 { $x3 } 分钟内已被操作 { $x2 } 次，上限为 { $x4 } 次
reason-within-x-actions-per-object-in-x-minutes = 未超过每对象 { $x2 } 分钟 { $x1 } 次的上限
reason-there-is-no-evidence = 没有证据
reason-the-newest-evidence-is-x-s-old-at-most-x-s-are-allowed = 最新证据已过 { $x1 } 秒，上限为 { $x2 } 秒
reason-the-newest-evidence-is-x-s-old = 最新证据距今 { $x1 } 秒
reason-no-planned-work-on-its-objects = 所涉对象没有计划内作业
reason-none-of-its-objects-is-frozen = 所涉对象均未冻结
reason-mode-auto-ceiling-auto = 预案为自动模式，上限为自动
reason-the-campaign-is-over = 评测场次结束
reason-the-cause-has-probability-x-less-than-x = 根因概率为 { $x1 }，低于 { $x2 }
reason-it-would-touch-x-objects-more-than-the-x-it-may = 将涉及 { $x1 } 个对象，超过 { $x2 } 个的上限

## 护栏与审批的说明
reason-it-takes-out-x---of-the-live-capacity-of-its-domain-at-most-x---are-allowed-a-person-decides = 将占用本域 { $x1 } % 的在用容量，上限为 { $x2 } %，由人工决定
reason-it-takes-out-x---of-the-live-capacity = 将占用 { $x1 } % 的在用容量
reason-its-playbook-sets-no-throttle = 预案未设置限频
reason-what-was-measured-is-neither-good-nor-a-failure = 测量值既不算通过也不算不通过
reason-x-good-readings-in-a-row-and-x-are-asked-for = 连续 { $x1 } 次读数正常，要求 { $x2 } 次
reason-its-playbook-runs-once-in-x-minutes-for-one-object-and-ran-x-s-ago = 预案限定对每个对象 { $x1 } 分钟执行一次，上次执行在 { $x2 } 秒前
reason-its-playbook-did-not-run-for-this-object-in-the-last-x-minutes = 最近 { $x1 } 分钟内预案未对该对象执行过
reason-its-playbook-runs-once-in-x-minutes-for-one-incident-and-ran-x-s-ago = 预案限定对每个事件 { $x1 } 分钟执行一次，上次执行在 { $x2 } 秒前
reason-its-playbook-did-not-run-for-this-incident-in-the-last-x-minutes = 最近 { $x1 } 分钟内预案未对该事件执行过
reason-its-playbook-runs-once-in-x-minutes-for-one-playbook-and-ran-x-s-ago = 预案限定 { $x1 } 分钟执行一次，上次执行在 { $x2 } 秒前
reason-its-playbook-did-not-run-for-this-playbook-in-the-last-x-minutes = 最近 { $x1 } 分钟内未执行过该预案
reason-the-live-topology-is-not-known-here = 此处不掌握实时拓扑
reason-the-risk-cannot-be-told-without-the-live-topology = 缺少实时拓扑，无法评估风险
reason-x-is-not-in-the-inventory = { $x1 } 不在资源清单中
reason-x-and-x-would-be-cut-off-from-each-other = { $x1 } 与 { $x2 } 之间将被隔断
reason-what-is-left-carries-on = 剩余资源可继续承载业务
reason-its-risk-is-x-at-most-x-is-allowed-a-person-decides = 风险为 { $x1 }，上限为 { $x2 }，由人工决定
reason-its-risk-is-x = 风险为 { $x1 }
reason-x-runs-are-in-flight-in-this-domain-at-most-x-are-allowed = 本域有 { $x1 } 个执行在途，上限为 { $x2 }
reason-x-runs-are-in-flight-in-all-domains-at-most-x-are-allowed = 全网有 { $x1 } 个执行在途，上限为 { $x2 }
reason-x-other-runs-are-in-flight = 另有 { $x1 } 个执行在途
reason-x-runs-were-begun-in-this-domain-within-the-hour-at-most-x-are-allowed = 本域一小时内已开始 { $x1 } 次执行，上限为 { $x2 }
reason-none-of-its-objects-has-to-rest = 其对象均不在冷却期
reason-x-rollbacks-of-late = 近期回退 { $x1 } 次
reason-x-was-never-heard-of-through-its-own-telemetry = 从未收到 { $x1 } 自身的遥测
reason-x-was-last-heard-of-x-s-ago-at-most-x-s-are-allowed = { $x1 } 最近一次遥测在 { $x2 } 秒之前，上限为 { $x3 } 秒
reason-the-playbook-is-for-a-target-that-is-not-heard = 该预案专门处置失联的目标
reason-all-of-its-objects-are-heard = 其对象的遥测均正常
reason-the-calendar-allows-changes-now = 变更日历允许当前变更
reason-it-is-outside-the-change-windows-a-person-decides = 不在变更窗口内，由人工决定
reason-nobody-was-asked-about-this-plan = 未就该方案请求过审批
reason-the-topology-has-changed-since-it-was-asked = 请求审批之后拓扑已变化
reason-it-comes-too-late-the-request-is-expired = 答复过晚：请求已超时
reason-it-comes-too-late-the-request-is-approved = 答复过晚：请求已批准
reason-it-comes-too-late-the-request-is-rejected = 答复过晚：请求已拒绝
reason-it-comes-too-late-the-request-is-withdrawn = 答复过晚：请求已撤回
reason-it-comes-too-late-the-request-is-superseded = 答复过晚：请求已被取代
reason-it-comes-too-late-the-request-is-stopped = 答复过晚：已启用紧急停止
reason-this-person-has-answered-already = 此人已答复过
reason-who-wrote-the-playbook-does-not-approve-it-too = 预案负责人不能批准自己的预案
reason-an-answer-needs-a-name = 答复须署名
reason-the-agent-was-just-started-again-and-does-not-see-the-network-yet = 智能体刚重启，尚未看清网络
reason-refused-the-kill-switch-was-pressed-before-the-step-began = 被拒绝：步骤开始前已启用紧急停止
reason-not-known = 未知

## 审批请求如何结束
approval-expired = 超时未答复
approval-superseded = 拓扑已变化
approval-withdrawn = 事件已结束
approval-stopped = 已启用紧急停止
reason-the-plan-s-content-is-x = 方案内容的指纹为 { $x1 }
reason-x-sites = 涉及 { $x1 } 个站点
reason-the-playbook-s-mode-suggest-is-lowered-to-the-ceiling-observe = 预案模式“建议”受上限约束，降为“观察”
reason-the-playbook-s-mode-approve-is-lowered-to-the-ceiling-observe = 预案模式“审批”受上限约束，降为“观察”
reason-the-playbook-s-mode-approve-is-lowered-to-the-ceiling-suggest = 预案模式“审批”受上限约束，降为“建议”
reason-the-playbook-s-mode-auto-is-lowered-to-the-ceiling-observe = 预案模式“自动”受上限约束，降为“观察”
reason-the-playbook-s-mode-auto-is-lowered-to-the-ceiling-suggest = 预案模式“自动”受上限约束，降为“建议”
reason-the-playbook-s-mode-auto-is-lowered-to-the-ceiling-approve = 预案模式“自动”受上限约束，降为“审批”
