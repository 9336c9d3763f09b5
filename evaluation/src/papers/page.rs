//! The report: every claim first, then the evidence each of them links to.

use super::{Study, claim, entropy, routing};
use crate::report::{Page, Section, Table, both, same};
use zizhi_types::topology::Bilingual;

/// The whole report of a study.
pub fn page(study: &Study) -> Page {
    let claims = study.claims();
    let table = claims
        .iter()
        .fold(Table::new(claim::heads()), |table, claim| {
            table.row(claim.cells())
        });
    let summary = Section::new(both("Claims", "论断"))
        .anchor("claims")
        .text(both(
            "Each id leads to its evidence. What a paper leaves open is our reading, named in the evidence; no assumption was chosen to make a claim hold.",
            "点击编号可查看依据。论文未说明之处按我们的理解处理，并在依据中注明；没有为使论断成立而选择假设。",
        ))
        .table(table);
    let page = Page::new(both(
        "Two published experiments, computed again",
        "复算两篇已发表论文的实验",
    ))
    .lead(verdict(&claims));
    let page = sources()
        .into_iter()
        .fold(page, Page::lead)
        .section(summary);
    let sections = routing::sections(&study.routing)
        .into_iter()
        .chain(entropy::sections(&study.entropy));
    sections
        .fold(page, Page::section)
        .section(again(study.seed))
}

fn verdict(claims: &[super::Claim]) -> Bilingual {
    let unmet: Vec<&str> = claims.iter().filter(|c| !c.met).map(|c| c.id).collect();
    let (met, all) = (claims.len() - unmet.len(), claims.len());
    if unmet.is_empty() {
        return both(
            format!("All {all} claims are met."),
            format!("全部 {all} 条论断均符合。"),
        );
    }
    let listed = unmet.join(", ");
    both(
        format!("{met} of {all} claims are met. Not met: {listed}."),
        format!("{all} 条论断中有 {met} 条符合。不符合：{listed}。"),
    )
}

fn sources() -> [Bilingual; 2] {
    [routing::PAPER, entropy::PAPER]
        .map(|paper| same(format!("{}. DOI {}.", paper.citation, paper.doi)))
}

fn again(seed: u64) -> Section {
    Section::new(both("To do it again", "如何复现")).anchor("again").text(both(
        format!("Command: zizhi eval papers --seed {seed} --report FILE.html. Equal seeds give equal figures; the seed moves the random arrivals (P1 to P3) and where users sit (S1 to S3), nothing else."),
        format!("命令：zizhi eval papers --seed {seed} --report FILE.html。种子相同则数值相同；种子只影响随机到达（P1 至 P3）与用户位置（S1 至 S3）。"),
    ))
}
