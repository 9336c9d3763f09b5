//! zizhi-agents
