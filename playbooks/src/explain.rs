//! What does a code mean, why does it matter, and what does it look like?
//!
//! In: a code. Out: an explanation in both languages with a bad and a good example, for `zizhi explain CODE` and for the
//! rules of a SARIF log. A flat table: one entry a code.

use crate::problem::Code;
use serde::Serialize;

/// One thing said in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Both {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

/// The page of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Which code.
    pub code: Code,
    /// What it means, in one sentence.
    pub what: Both,
    /// Why it matters.
    pub why: Both,
    /// Lines that are refused.
    pub bad: &'static str,
    /// The same lines as they should be.
    pub good: &'static str,
}

/// The explanation of a code.
pub fn explain(code: Code) -> Explanation {
    let (zh, why_en, why_zh, bad, good) = entry(code);
    Explanation {
        code,
        what: Both {
            en: code.describe(),
            zh,
        },
        why: Both {
            en: why_en,
            zh: why_zh,
        },
        bad,
        good,
    }
}

type Entry = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[expect(clippy::too_many_lines, reason = "a flat table: one entry a code")]
const fn entry(code: Code) -> Entry {
    match code {
        Code::Yaml => (
            "文本不是符合预案结构的 YAML。",
            "What cannot be read cannot be checked, and what cannot be checked is not loaded.",
            "读不懂的内容无法检查，无法检查的预案不会加载。",
            "risk: low",
            "risk: 0.2",
        ),
        Code::UnknownField => (
            "预案没有这个字段。",
            "A misspelt field that is silently dropped is a condition that nobody applies.",
            "写错的字段若被悄悄忽略，就等于一个无人执行的条件。",
            "rsk: 0.2",
            "risk: 0.2",
        ),
        Code::MissingField => (
            "缺少必填字段。",
            "Each required field answers a question that the approver or the executor will ask.",
            "每个必填字段都回答审批人或执行器一定会问的问题。",
            "describe: {what: {en: Resets the link, zh: 重置链路}}",
            "describe:\n  what: {en: Resets the link, zh: 重置链路}\n  whenNotToUse: {en: During planned work, zh: 计划作业期间}",
        ),
        Code::UnknownFault => (
            "没有这种故障类型。",
            "A playbook for a fault that is never diagnosed never runs.",
            "针对永远不会被诊断出的故障编写的预案永远不会运行。",
            "faults: [link-losy]",
            "faults: [link-lossy]",
        ),
        Code::UnknownVerb => (
            "没有驱动能执行这个动作。",
            "Only registered actions have a known effect, a read-back and an undo.",
            "只有登记过的动作才有明确的效果、回读和撤销方式。",
            "run: link.setcost",
            "run: link.set-cost",
        ),
        Code::BadExpression => (
            "表达式无法编译。",
            "An expression that does not compile would fail in the night in which it is needed.",
            "无法编译的表达式会在最需要它的夜里失败。",
            "check: suspect.alternate_path &&",
            "check: suspect.alternate_path && suspect.cost < 1000",
        ),
        Code::UnknownName => (
            "表达式使用了不存在的变量、属性或函数。",
            "Names differ by the kind of suspect: a site has no cost, and a link has no services.",
            "不同类型的对象有不同的属性：站点没有开销，链路没有业务。",
            "check: suspect.alternate_pth",
            "check: suspect.alternate_path",
        ),
        Code::ExpressionFails => (
            "表达式可以编译，但在样例网络上求值失败或类型不对。",
            "Every expression is tried on a small network when the file is loaded, so that a wrong type is found at the desk.",
            "加载文件时每个表达式都会在小型样例网络上试算，类型错误当场就能发现。",
            "check: suspect.cost",
            "check: suspect.cost > 100",
        ),
        Code::BadParam => (
            "参数的声明方式使其永远无法取值。",
            "A parameter gets its value from exactly one place: a default, an expression, or a list of choices.",
            "参数的值只能有一个来源：默认值、表达式或候选列表。",
            "cost: {type: number, min: 1, max: 65535}",
            "cost: {type: number, default: 65000, min: 1, max: 65535}",
        ),
        Code::MissingWith => (
            "步骤没有给出动作所需的参数。",
            "An action without its parameter is refused by the driver, in the middle of a run.",
            "缺少参数的动作会在运行途中被驱动拒绝。",
            "run: link.set-cost\n      on: \"${{ suspect }}\"\n      timeout: 30s",
            "run: link.set-cost\n      on: \"${{ suspect }}\"\n      with: {cost: 65000}\n      timeout: 30s",
        ),
        Code::ExtraWith => (
            "步骤给出了动作不接受的参数。",
            "A parameter that the action does not know was meant to do something, and would do nothing.",
            "动作不认识的参数本想起作用，实际却毫无效果。",
            "with: {cost: 65000, force: 1}",
            "with: {cost: 65000}",
        ),
        Code::ForeignVerb => (
            "该动作属于另一个域的执行器。",
            "Each domain changes only its own objects; a remedy over two domains is agreed between their agents.",
            "每个域只改动自己的对象；跨域方案由各域智能体协商。",
            "domain: compute",
            "domain: transport",
        ),
        Code::WrongObject => (
            "步骤作用于类型不符的对象。",
            "A cost is set on a link, not on a port or a site.",
            "开销设置在链路上，而不是端口或站点上。",
            "on: \"${{ suspect.ports }}\"",
            "on: \"${{ suspect }}\"",
        ),
        Code::NoUndo => (
            "步骤无法撤销，而预案没有说明为何可以接受。",
            "Whoever approves must know, before and not after, that there is no way back.",
            "审批人必须事先（而不是事后）知道此操作没有回头路。",
            "run: link.reset",
            "irreversible: {en: A reset is over in a second, zh: 重置一秒内完成}",
        ),
        Code::NoVerify => (
            "没有说明如何判断成功。",
            "Without a check nobody learns whether it helped, and nothing is taken back when it did not.",
            "没有检查就无从知道是否奏效，无效时也不会撤销。",
            "checks: []",
            "checks:\n      - {metric: port.utilization, on: \"${{ suspect.ports }}\", atMost: 0.5}",
        ),
        Code::NoBlastRadius => (
            "没有限定预案最多可以触及多少对象。",
            "A list that is longer than expected must stop the run, not lengthen it.",
            "列表比预期长时应当停止运行，而不是扩大范围。",
            "autonomy: {mode: auto, timeout: 5m, onTimeout: stop}",
            "blastRadius: {maxObjects: 1, maxServices: 20}\n  autonomy: {mode: auto, timeout: 5m, onTimeout: stop}",
        ),
        Code::ConstantCondition => (
            "条件恒真或恒假。",
            "A condition that is always true guards nothing; one that is never true switches the playbook off unseen.",
            "恒真的条件不起保护作用；恒假的条件会悄悄关掉预案。",
            "check: suspect.alternate_path || true",
            "check: suspect.alternate_path",
        ),
        Code::OutOfRange => (
            "数值超出允许范围。",
            "A probability of 60 or a risk of 3 means that another scale was in mind.",
            "概率写成 60、风险写成 3，说明作者想的是另一种刻度。",
            "minProbability: 60",
            "minProbability: 0.6",
        ),
        Code::BadVersion => (
            "apiVersion、kind 或 version 无法识别。",
            "Plans, records and past cases name a playbook by id and version: it must be exact.",
            "计划、记录和历史案例都用标识加版本来引用预案，必须准确。",
            "version: v1",
            "version: 1.0.0",
        ),
        Code::DuplicateId => (
            "两个预案使用同一个标识。",
            "What was learned of one would be counted for the other.",
            "从一个预案学到的经验会被算到另一个头上。",
            "id: transport.link.drain   # and the same id in another file",
            "id: transport.link.drain-slowly",
        ),
        Code::DuplicateStep => (
            "两个步骤使用同一个标识。",
            "A step's id is part of the key that keeps it from being done twice.",
            "步骤标识是防止重复执行的键的一部分。",
            "- id: drain\n      run: link.set-cost",
            "- id: drain-second\n      run: link.set-cost",
        ),
        Code::NoSteps => (
            "预案什么也不做。",
            "An incident that is answered by nothing looks answered.",
            "什么也不做的响应会让故障看起来已被处理。",
            "steps: []",
            "steps:\n    - {id: drain, run: link.set-cost, on: \"${{ suspect }}\", with: {cost: 65000}, timeout: 30s}",
        ),
        Code::BadDuration => (
            "时长无法识别。",
            "30 could be seconds or minutes: the unit stands in the value.",
            "30 可能是秒也可能是分钟：单位必须写在值里。",
            "timeout: 30",
            "timeout: 30s",
        ),
        Code::BadCheck => (
            "永远无法进行的检查。",
            "A check names a metric that exists and exactly one limit.",
            "检查必须指明存在的指标，并且只给一个界限。",
            "metric: port.utilisation",
            "metric: port.utilization",
        ),
        Code::NeedlessIrreversible => (
            "所有步骤都能撤销，预案却声明不可撤销。",
            "A warning that is not true teaches people to overlook the true ones.",
            "不真实的警告会让人忽视真实的警告。",
            "irreversible: {en: It cannot be undone, zh: 无法撤销}",
            "# no irreversible: every step has an undo",
        ),
        Code::OneLanguage => (
            "某个文本缺少其中一种语言。",
            "Approvals are read in both languages.",
            "审批内容会以两种语言阅读。",
            "zh: ''",
            "zh: 没有其他路径",
        ),
        Code::UnusedParam => (
            "没有任何地方使用该参数。",
            "Changing it would change nothing, and somebody will try.",
            "改它不会有任何效果，但一定会有人去改。",
            "with: {cost: 65000}",
            "with: {cost: \"${{ params.cost }}\"}",
        ),
        Code::TemporaryForever => (
            "临时预案包含无法收回的步骤。",
            "Temporary means taken back when the suspect is healthy; a reset cannot be.",
            "“临时”意味着对象恢复后收回，而重置无法收回。",
            "temporary: true",
            "temporary: false",
        ),
        Code::UnknownWord => (
            "不存在的域、模式、类型或其他固定选项。",
            "Closed choices keep their meaning: a mode that nobody knows would be somebody's guess.",
            "固定选项的含义不容猜测。",
            "mode: automatic",
            "mode: auto",
        ),
        Code::BadId => (
            "标识包含文件名和主题无法承载的字符。",
            "Ids become file names, subjects and keys on every system that they pass.",
            "标识会成为文件名、消息主题和键。",
            "id: Drain a link",
            "id: transport.link.drain",
        ),
        Code::NoCondition => (
            "预案没有条件：只要怀疑该故障就适用。",
            "A suspicion can be wrong. A condition looks at the network once more before anything is done.",
            "怀疑可能有误；条件会在动手之前再看一眼网络。",
            "when: []",
            "when:\n    - check: suspect.alternate_path\n      message: {en: No other path, zh: 没有其他路径}",
        ),
        Code::YamlTag => (
            "值以 `!` 开头，会被 YAML 当作类型标签。",
            "YAML takes `!has(x)` for the type of an empty value: the condition is gone.",
            "YAML 会把 `!has(x)` 当成空值的类型：条件就此消失。",
            "check: !has(state.port.error_ratio)",
            "check: \"!has(state.port.error_ratio)\"",
        ),
        Code::BooleanWord => (
            "未加引号的 yes、no、on 或 off，不同的 YAML 读取器理解不同。",
            "One reader sees the text no, another the value false; the editor and the swarm would disagree.",
            "有的读取器看到文本 no，有的看到 false；编辑器与系统会各执一词。",
            "temporary: yes",
            "temporary: true",
        ),
        Code::NumberLike => (
            "未加引号的值会被某些 YAML 读取器当成另一个数。",
            "Version 1.10 becomes 1.1, and 0100 becomes 64: two versions become one, a cost becomes another.",
            "1.10 版会变成 1.1，0100 会变成 64：两个版本混为一个，开销变成别的数。",
            "version: 1.10",
            "version: 1.10.0",
        ),
        Code::Unquoted => (
            "表达式或文本必须加引号，否则会被 YAML 拆开。",
            "A ternary, `: `, a leading quote and braces mean something to YAML before the expression is ever read.",
            "三元式、“: ”、开头的引号和花括号在表达式被读取之前就会被 YAML 解释。",
            "from: suspect.cost > 100 ? 1.0 : 2.0",
            "from: \"suspect.cost > 100 ? 1.0 : 2.0\"",
        ),
        Code::Tab => (
            "某一行用制表符缩进。",
            "YAML forbids tabs in indentation, because their width is a matter of taste.",
            "YAML 禁止用制表符缩进，因为其宽度因人而异。",
            "\trisk: 0.2",
            "  risk: 0.2",
        ),
        Code::Anchor => (
            "使用了锚点、别名或合并键。",
            "A reviewer must see what a step does where it stands; and aliases of aliases can fill a machine's memory.",
            "评审人必须在原处看清每一步做什么；层层别名还可能耗尽内存。",
            "title: &title {en: Drain a link, zh: 将流量移出链路}",
            "title: {en: Drain a link, zh: 将流量移出链路}",
        ),
        Code::DuplicateKey => (
            "同一个块中重复书写了一个字段。",
            "Most YAML readers silently take the last one, so the reviewed value need not be the one in force.",
            "多数 YAML 读取器会悄悄取最后一个，评审过的值未必生效。",
            "risk: 0.2\n  risk: 0.3",
            "risk: 0.3",
        ),
        Code::UnitMismatch => (
            "数值或比较的单位不对。",
            "Utilisation is a ratio from 0 to 1: `> 80` is never true, and nobody is told.",
            "利用率是 0 到 1 的比值：“> 80” 永远不成立，而且没有任何提示。",
            "check: state.port.utilization > 80",
            "check: state.port.utilization > 0.8",
        ),
        Code::Contradiction => (
            "条件、界限或上下限不可能同时成立。",
            "Each alone looks right; together they switch the playbook off.",
            "单独看都对，放在一起却使预案永远不会运行。",
            "cost: {type: number, default: 65000, min: 65535, max: 1}",
            "cost: {type: number, default: 65000, min: 1, max: 65535}",
        ),
        Code::SecretShown => (
            "密钥会被展示、比较或以明文保存。",
            "Texts, conditions and plans are logged, journalled and read by many; a secret goes from its store to the driver and nowhere else.",
            "文本、条件和计划会被记录并由多人查看；密钥只能从密钥库直达驱动。",
            "token: {type: string, default: s3cr3t}",
            "token: {type: string, secret: true, from: secret://netconf}",
        ),
        Code::Fight => (
            "两个预案可能在无人介入的情况下把同一对象往相反方向拉。",
            "Two automatic remedies for one fault, one raising what the other lowers, can undo each other for hours.",
            "针对同一故障的两个自动预案一升一降，可能互相抵消数小时。",
            "autonomy: {mode: auto, timeout: 5m, onTimeout: stop}",
            "autonomy: {mode: approve, timeout: 5m, onTimeout: stop}",
        ),
        Code::BadTime => (
            "这个时长起不到作用。",
            "A check that ends before telemetry arrives fails whatever happened; a request that ends in seconds is read by nobody.",
            "在遥测到达之前就结束的检查必然失败；几秒就过期的审批无人能看。",
            "within: 5s",
            "within: 90s",
        ),
        Code::TextIsNoExpression => (
            "给人看的文本里包含表达式，而它不会被求值。",
            "Texts are shown as they stand: people would read the expression instead of the value.",
            "文本按原样显示：人们看到的会是表达式而不是数值。",
            "en: \"The cost is ${{ suspect.cost }}\"",
            "en: The cost is too high",
        ),
        Code::BadUndo => (
            "步骤的 undo 或 onError 起不到作用。",
            "An undo on another kind of object, or a run that passes over every failure, is found out when it is needed most.",
            "作用于其他类型对象的撤销，或对所有失败都视而不见的运行，往往在最需要时才被发现。",
            "undo: {run: link.set-cost}",
            "undo: {run: link.set-cost, with: {cost: \"${{ suspect.cost }}\"}}",
        ),
        Code::NoDelimiter => (
            "表达式没有写在 `${{ }}` 里，会被当作普通文本。",
            "Without the delimiter the words themselves are given to the action: a service called suspect.busiest_service.",
            "不加定界符，传给动作的就是这几个字本身：一个名叫 suspect.busiest_service 的业务。",
            "with: {service: suspect.busiest_service}",
            "with: {service: \"${{ suspect.busiest_service }}\"}",
        ),
        Code::LookAlike => (
            "看起来像 YAML 标点、其实不是的字符。",
            "A full-width colon, curly quotes or a no-break space look right on the screen and mean nothing to YAML.",
            "全角冒号、弯引号或不间断空格看上去没错，对 YAML 却毫无意义。",
            "risk：0.2",
            "risk: 0.2",
        ),
        Code::BadRetry => (
            "重试可能造成损害，或者等待时间过长。",
            "Restarting twice is not restarting once, and after half an hour of waiting the plan rests on old evidence.",
            "重启两次与重启一次不同；等待半小时之后，方案所依据的证据也已陈旧。",
            "run: router.restart\nretry: {max: 2, backoff: 5s}",
            "run: link.set-cost\nretry: {max: 2, backoff: 5s}",
        ),
        Code::BadTrigger => (
            "限频不起作用。",
            "A throttle that is over before one run can be verified never holds anything back.",
            "如果限频时间比一次执行的验证时间还短，它就什么也限制不了。",
            "throttle: {once: 10s, by: object}\nwithin: 90s",
            "throttle: {once: 10m, by: object}\nwithin: 90s",
        ),
        Code::BadVerdict => (
            "验证无法区分通过、不通过和无法判断。",
            "A value that both passes and fails, or a number of readings that no time is left for, gives a verdict by chance.",
            "一个值既算通过又算不通过，或者规定的读数次数在时限内根本凑不齐，结论就只能靠运气。",
            "pass: value < 0.05\nfail: value > 0.02",
            "pass: value < 0.02\nfail: value > 0.05",
        ),
        Code::BadRollback => (
            "关闭了回滚却没有说明原因，或者没有可以回滚的步骤。",
            "Whoever finds a half-done change in the night has to know that somebody meant it to stay, and why.",
            "夜里发现一项只做了一半的变更时，值班人员必须知道这是有意保留的，以及为什么。",
            "rollback: {on: [stepFailed]}",
            "rollback: {on: [stepFailed, verifyFailed, operator]}",
        ),
        Code::EmptyField => (
            "写了字段，里面却什么都没有。",
            "Whoever wrote `rollback:` meant something; read as \"nothing\", it would silently be as if it were not there.",
            "写下 `rollback:` 的人一定有所指；如果按空值处理，就等于悄悄当它不存在。",
            "rollback:",
            "rollback: {on: [stepFailed, verifyFailed, operator]}",
        ),
        Code::BadTest => (
            "永远不会失败或永远不会通过的测试。",
            "A test that expects nothing is green whatever the playbook does, and people trust it.",
            "没有任何预期的测试，无论预案怎么改都会通过，而人们却信任它。",
            "expect: {}",
            "expect: {fits: true, ran: [drain]}",
        ),
        Code::IdleSteps => (
            "相邻两个步骤重复，或者后一步撤销了前一步。",
            "The network is changed twice for nothing: what is verified afterwards is not what the first step was for.",
            "网络白白改动了两次：之后验证的已经不是第一步的效果。",
            "- run: cell.lock\n- run: cell.unlock",
            "- run: cell.lock",
        ),
    }
}
