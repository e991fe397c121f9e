//! Tasks: list, status, log, stop. Rows NODE-08 to NODE-11.

use innkeeper_change::{Action, Invocation, Plan, Problem, Step, Undo, Value};
use innkeeper_engine::{LogLine, RunState, Source, StatusClass, TaskEntry, TaskFilter, TaskStatus, Upid};
use innkeeper_rest::{Act, Answer, Call, CommandName, Format, Method, Permission, Property, Verb};

pub(crate) fn methods() -> Vec<Method> {
    vec![list(), cluster(), Method::index("/nodes/{node}/tasks/{upid}", "name"), status(), log(), stop()]
}

fn list() -> Method {
    Method::get("/nodes/{node}/tasks", "List the tasks of this node, newest first", |call| {
        let page = call.engine().tasks().list(&filter(call)?)?;
        let total = page.total.unwrap_or_default();
        Answer::page(page.tasks, total)
    })
    .allow(Permission::User)
    .param(Property::boolean("errors").default("0").help("Only tasks that failed"))
    .param(Property::integer("start").min(0).default("0").help("How many of the newest to leave out"))
    .param(Property::integer("limit").min(0).default("50").help("How many to list; 0 lists none"))
    .param(
        Property::one_of("source", &["archive", "active", "all"])
            .default("archive")
            .help("Finished tasks, running ones, or both"),
    )
    .param(
        Property::string("statusfilter")
            .format(Format::TaskStatusTypeList)
            .optional()
            .help("Only tasks that ended like this: ok, error, warning, unknown"),
    )
    .param(Property::string("typefilter").max_length(128).optional().help("Only tasks of this type"))
    .param(
        Property::string("userfilter")
            .max_length(128)
            .optional()
            .help("Only tasks of users whose name contains this"),
    )
    .param(Property::integer("vmid").min(100).max(999_999_999).optional().help("Only tasks of this guest"))
    .param(
        Property::integer("since")
            .optional()
            .help("Only tasks begun at this time or later, in seconds since 1970"),
    )
    .param(
        Property::integer("until")
            .optional()
            .help("Only tasks begun at this time or earlier, in seconds since 1970"),
    )
    .returns::<Vec<TaskEntry>>()
    .command(CommandName {
        words: "task list",
        positional: &[],
        preset: &[],
        help: "List the tasks of this node, newest first",
    })
}

/// The declared parameters as a filter.
fn filter(call: &Call<'_>) -> Result<TaskFilter, Problem> {
    let text = |name| call.text(name).map(str::to_owned);
    let number = |name| call.integer(name).unwrap_or_default().unsigned_abs();
    let words = call.text("statusfilter").unwrap_or_default().split([',', ';', ' ', '\t', '\n', '\0']);
    Ok(TaskFilter {
        start: number("start"),
        limit: number("limit"),
        errors: call.boolean("errors").unwrap_or_default(),
        source: call.text("source").and_then(Source::from_name).unwrap_or_default(),
        statusfilter: words.filter_map(StatusClass::from_name).collect(),
        typefilter: text("typefilter"),
        userfilter: text("userfilter"),
        vmid: call.integer("vmid").map(|id| id.to_string()),
        since: call.integer("since"),
        until: call.integer("until"),
        visible: visible_to(call)?,
        with_total: true,
    })
}

/// Without Sys.Audit on the node one sees one's own tasks only.
fn visible_to(call: &Call<'_>) -> Result<Option<String>, Problem> {
    match call.demand(&format!("/nodes/{}", call.node()), &["Sys.Audit"]) {
        Ok(()) => Ok(None),
        Err(Problem::Forbidden(_)) => call.user().map(Some),
        Err(other) => Err(other),
    }
}

fn cluster() -> Method {
    Method::get("/cluster/tasks", "List the newest tasks of all nodes", |call| {
        let filter = TaskFilter {
            limit: NEWEST,
            source: Source::All,
            visible: visible_to(call)?,
            ..TaskFilter::default()
        };
        Answer::of(call.engine().tasks().list(&filter)?.tasks)
    })
    .allow(Permission::User)
    .returns::<Vec<TaskEntry>>()
}

/// As many as the file of active tasks keeps.
const NEWEST: u64 = 25;

fn status() -> Method {
    Method::get("/nodes/{node}/tasks/{upid}/status", "Show how a task is doing", |call| {
        let upid = readable(call)?;
        Answer::of(call.engine().tasks().status(&upid)?)
    })
    .allow(Permission::User)
    .returns::<TaskStatus>()
    .command(CommandName {
        words: "task status",
        positional: &["upid"],
        preset: &[],
        help: "Show how a task is doing",
    })
}

fn log() -> Method {
    Method::get("/nodes/{node}/tasks/{upid}/log", "Read the log of a task", read_log)
        .allow(Permission::User)
        .param(Property::integer("start").min(0).default("0").help("First line to read, counted from 0"))
        .param(Property::integer("limit").min(0).default("50").help("How many lines to read; 0 reads all"))
        .param(
            Property::boolean("download")
                .optional()
                .help("Answer with the log as a file; cannot be combined with start and limit"),
        )
        .returns::<Vec<LogLine>>()
        .returns_file()
        .command(CommandName {
            words: "task log",
            positional: &["upid"],
            preset: &[],
            help: "Read the log of a task",
        })
}

fn read_log(call: &Call<'_>) -> Result<Answer, Problem> {
    let upid = readable(call)?;
    let tasks = call.engine().tasks();
    if call.boolean("download") == Some(true) {
        let bytes = tasks.raw_log(&upid)?;
        let name = format!("task-{}-{}-{}.log", upid.node(), upid.kind(), iso_time(upid.starttime())?);
        return Ok(Answer { download: Some((name, bytes)), ..Answer::default() });
    }
    let number = |name| call.integer(name).unwrap_or_default().unsigned_abs();
    let (lines, total) = tasks.log(&upid, number("start"), number("limit"))?;
    Answer::page(lines, total)
}

fn iso_time(seconds: i64) -> Result<String, Problem> {
    let time = jiff::Timestamp::from_second(seconds).map_err(Problem::failed)?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn stop() -> Method {
    let act = Act { run: stop_task, preview: Some(preview_stop) };
    Method::act(Verb::Delete, "/nodes/{node}/tasks/{upid}", "Stop a task", act)
        .allow(Permission::User)
        .command(CommandName {
            words: "task stop",
            positional: &["upid"],
            preset: &[],
            help: "Stop a running task",
        })
}

fn stop_task(call: &Call<'_>) -> Result<Answer, Problem> {
    let upid = stoppable(call)?;
    call.engine().tasks().stop(&upid)?;
    Ok(Answer::default())
}

fn preview_stop(call: &Call<'_>) -> Result<Plan, Problem> {
    let upid = stoppable(call)?;
    let plan = Plan::new(format!("stop task {upid}"));
    if call.engine().tasks().status(&upid)?.status == RunState::Stopped {
        return Ok(plan);
    }
    let kill = Invocation {
        program: "/bin/kill".into(),
        args: ["-TERM".into(), "--".into(), Value::from(format!("-{}", upid.pid()).as_str())].into(),
        stdin: None,
        deadline: 5,
        produces: None,
        accept: Vec::new(),
    };
    let undo = Undo::Impossible("a task that was stopped does not go on".to_owned());
    let what = "signal the task's process group to end, and kill it after 5 seconds".to_owned();
    Ok(plan.step(Step { what, action: Action::Run(kill), undo }))
}

fn upid_of(call: &Call<'_>) -> Result<Upid, Problem> {
    call.required_text("upid")?.parse().map_err(|error| Problem::parameter("upid", format!("{error}")))
}

/// The task, if the caller may read it: their own, or Sys.Audit on the node.
fn readable(call: &Call<'_>) -> Result<Upid, Problem> {
    allowed(call, "Sys.Audit")
}

/// The task, if the caller may stop it: their own, or Sys.Modify on the node.
fn stoppable(call: &Call<'_>) -> Result<Upid, Problem> {
    allowed(call, "Sys.Modify")
}

fn allowed(call: &Call<'_>, privilege: &str) -> Result<Upid, Problem> {
    let upid = upid_of(call)?;
    if !owns(&call.user()?, &upid) {
        call.demand(&format!("/nodes/{}", call.node()), &[privilege])?;
    }
    Ok(upid)
}

/// A user owns their own tasks and those of their tokens; a token owns only its own.
fn owns(name: &str, upid: &Upid) -> bool {
    upid.user() == name || upid.user().strip_prefix(name).is_some_and(|rest| rest.starts_with('!'))
}
