//! The words of the pages themselves. What records say comes from [`zizhi_types::text`].

use zizhi_types::text::Language;

macro_rules! phrases {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        /// Every heading and label of the pages in one language.
        #[derive(Debug)]
        pub struct Phrases {
            $(#[doc = $en] pub $name: &'static str,)*
        }

        const EN: Phrases = Phrases { $($name: $en,)* };
        const ZH: Phrases = Phrases { $($name: $zh,)* };
    };
}

phrases! {
    product: "Zizhi", "自智";
    tagline: "Autonomous network, explained", "自智网络，步步可查";
    other_language: "中文", "English";
    skip: "Skip to content", "跳到正文";
    incidents: "Incidents", "故障事件";
    no_incidents: "No incident so far.", "目前没有故障事件。";
    open: "open", "处理中";
    unknown_cause: "cause not known yet", "根因待定";
    severity: "Severity", "级别";
    incident: "Incident", "故障事件";
    cause: "Cause", "根因";
    probability: "Probability", "概率";
    leader: "Leads", "牵头";
    since: "Since", "起始时间";
    lasted: "Lasted", "持续时间";
    state: "State", "状态";
    network: "Network", "网络";
    records: "Records", "记录数";
    messages: "Messages", "消息数";
    dropped: "Dropped", "丢弃数";
    version: "Version", "版本";
    mode: "Mode", "模式";
    seed: "Seed", "随机种子";
    what: "What is wrong", "出了什么问题";
    violated: "Objectives violated", "未达成的目标";
    symptoms: "Symptoms", "异常现象";
    object: "Object", "对象";
    metric: "Metric", "指标";
    observed: "Observed", "实测";
    expected: "Expected", "预期";
    limit: "Limit", "门限";
    onset: "Onset", "开始时间";
    evidence: "Evidence", "证据";
    since_when: "Since when", "时间经过";
    moment: "Moment", "节点";
    time: "Time", "时间";
    after: "After onset", "距故障发生";
    opened: "Incident opened", "创建事件";
    acted: "First change", "首次变更";
    restored: "Verified restored", "验证恢复";
    ended: "Incident closed", "关闭事件";
    why: "Why we think so", "判断依据";
    supports: "For", "支持";
    against: "Against", "反对";
    nothing: "nothing", "无";
    other_cause: "Some other cause", "其他原因";
    proposed: "What was proposed", "候选方案";
    plan: "Plan", "方案";
    playbook: "Playbook", "预案";
    from: "From", "提出方";
    steps: "Steps", "步骤";
    cost: "Cost (tokens)", "成本（令牌）";
    risk: "Risk", "风险";
    reversible: "Reversible", "可回退";
    yes: "yes", "是";
    no: "no", "否";
    history: "Helped before", "历史有效率";
    chosen: "chosen", "已选中";
    twin: "What the twin says", "孪生预演结果";
    without: "Doing nothing", "不处置";
    with: "With the plan", "执行方案";
    decided: "Who let it pass", "谁放行";
    guard: "Guard", "护栏";
    pass: "pass", "通过";
    refuse: "refuse", "拦截";
    reason: "Reason", "理由";
    done: "What was done", "已执行的操作";
    verified: "Did it help?", "处置效果";
    learned: "What was learned", "经验沉淀";
    not_yet: "Nothing yet.", "暂无。";
    timeline: "Every record", "全部记录";
    stage: "Stage", "阶段";
    what_happened: "What happened", "内容";
    because_of: "Because of", "起因";
    record: "Record", "记录";
    who: "Who", "主体";
    causes: "Causes", "起因记录";
    effects: "Effects", "后续记录";
    raw_sources: "Raw messages it rests on", "所依据的原始消息";
    first: "This is where it begins.", "这里是起点。";
    last: "Nothing follows from it.", "没有后续记录。";
    as_written: "As written in the journal", "日志原文";
    position: "Position", "位置";
    hash: "Hash", "哈希";
    quiet: "Seen, and left alone", "已发现，无需处置";
    damaged: "The journal is damaged; what follows the damage is not shown:", "日志已损坏，损坏处之后的内容不予显示：";
    torn: "The last line is being written.", "最后一行正在写入。";
    new_records: "new records", "条新记录";
    reload: "Reload", "刷新";
    system: "system", "系统";
    human: "human", "人工";
    both: "human and system", "人机协同";
    trouble: "This page cannot be shown", "无法显示此页";
    back: "Back to the incidents", "返回故障事件列表";
}

/// The words in one language.
pub const fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}
