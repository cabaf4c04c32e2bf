//! Many processes share guards, and are killed at random: what the guards promise holds in all that the processes saw.
//!
//! `KILLS` is the number of processes that are killed. Each process writes down what it does, with stamps of the boot's
//! clock; the promises are checked afterwards. So no check depends on how fast or how busy the machine is.
#![cfg(target_os = "linux")]

mod breaker_checks;
mod budget_checks;
mod record;
mod worker;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rebackoff_shared::Host;
use record::{RECORD, Story, now};

const PROCESSES: usize = 16;
/// The variable that makes this program a worker, and names its file.
const STORY: &str = "STRESS_STORY";
/// A process that writes nothing for so long hangs.
const HANGS: Duration = Duration::from_secs(300);

#[test]
fn the_promises_of_shared_guards_hold_while_processes_are_killed() {
    if let Some(story) = env::var_os(STORY) {
        worker::run(Path::new(&story));
    }
    let folder = tempfile::tempdir().unwrap();
    let kills = env::var("KILLS").map_or(60, |kills| kills.parse().unwrap());
    let stories = kill_at_random(folder.path(), kills);
    breaker_checks::check(&stories);
    budget_checks::check(&stories);
    let (breaker, _) = worker::guards(&Host::at(folder.path().join("guards")));
    breaker_checks::still_works(breaker);
}

/// Runs processes until so many were killed, and reads what all of them have written down.
fn kill_at_random(folder: &Path, kills: usize) -> Vec<Story> {
    let mut paths = (0..).map(|number| folder.join(format!("story-{number}")));
    let mut start = || Worker::start(paths.next().unwrap());
    let mut workers: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    let (mut stories, mut draws) = (Vec::new(), fastrand::Rng::new());
    for _ in 0..kills {
        let chosen = draws.usize(..PROCESSES);
        workers[chosen].wait_until_it_has_written(draws.u64(1..300));
        let killed = std::mem::replace(&mut workers[chosen], start());
        stories.push(killed.kill());
    }
    stories.extend(workers.into_iter().map(Worker::kill));
    stories
}

struct Worker {
    process: Child,
    story: PathBuf,
}

impl Worker {
    fn start(story: PathBuf) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env(STORY, &story).stdout(Stdio::null());
        Self { process: command.spawn().unwrap(), story }
    }

    fn wait_until_it_has_written(&self, records: u64) {
        let begin = Instant::now();
        let length = || fs::metadata(&self.story).map_or(0, |file| file.len());
        while length() < records * RECORD as u64 {
            assert!(begin.elapsed() < HANGS, "{} hangs", self.story.display());
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn kill(mut self) -> Story {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        Story::read(&self.story, now())
    }
}
