//! A person who answers from a list, in a room where somebody speaks when it is asked for.

use std::collections::VecDeque;

use auricle::setup::{self, Answers, Asker, Plan, Present, Service, SetupError, Stop, ThisMachine};
use zeroize::Zeroizing;

use crate::place::Place;
use crate::pulse::{Pulse, Speaking};
use crate::speech;

/// The person.
pub struct Person<'a> {
    pulse: Option<&'a Pulse>,
    answers: VecDeque<String>,
    speaking: Option<Speaking>,
    /// Everything that was told and asked.
    pub told: Vec<String>,
}

impl<'a> Person<'a> {
    /// Gives these answers, then none.
    pub fn with(answers: &[&str]) -> Self {
        let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        Self { pulse: None, answers, speaking: None, told: Vec::new() }
    }

    /// Also speaks when asked to.
    pub fn speaking(pulse: &'a Pulse, answers: &[&str]) -> Self {
        Self { pulse: Some(pulse), ..Self::with(answers) }
    }

    /// Goes through the questions about the settings of `place`.
    pub fn set_up(&mut self, place: &Place, tests: bool) -> Result<(), SetupError> {
        let present = Present::read(&place.file()).unwrap();
        let plan = Plan { present, wants: Answers::default(), tests };
        setup::ask(plan, self, &ThisMachine::default(), Service::with(None))
    }

    pub fn heard(&self, words: &str) -> bool {
        self.told.iter().any(|line| line.contains(words))
    }

    fn next(&mut self) -> Result<String, Stop> {
        let answer = self.answers.pop_front();
        self.told.push(format!("> {}", answer.as_deref().unwrap_or("(nothing)")));
        answer.ok_or(Stop::Ended)
    }
}

impl Asker for Person<'_> {
    fn tell(&mut self, line: &str) {
        self.told.push(line.to_owned());
        if let Some(pulse) = self.pulse.filter(|_| line.contains("Please speak now")) {
            let voice = speech::say("One, two, three, four, five, six, seven, eight, nine, ten.", "en", 16_000);
            let wav = pulse.folder().join("voice.wav");
            speech::write_wav(&wav, 16_000, &[vec![0; 4_000], voice.clone(), vec![0; 8_000], voice].concat());
            self.speaking = Some(pulse.speak(&wav));
        }
    }

    fn ask(&mut self, question: &str) -> Result<String, Stop> {
        self.told.push(question.to_owned());
        self.next()
    }

    fn ask_secretly(&mut self, question: &str) -> Result<Zeroizing<String>, Stop> {
        self.told.push(question.to_owned());
        self.next().map(Zeroizing::new)
    }
}
