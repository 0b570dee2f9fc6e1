//! What is said: two sets of other people, other voices of espeak-ng and other losses.

use crate::bad_link::answer::{RATE, espeak, recording};
use crate::hearing_material;

/// Voices and losses.
pub struct Material {
    pub title: &'static str,
    /// Where recordings of people lie, one person after the other.
    people: &'static [&'static [&'static str]],
    /// Voices of espeak-ng, and what they say.
    voices: [(&'static str, &'static str); 4],
    pub seeds: [u64; 5],
}

/// On this the constants of the concealment were chosen.
pub const CHOSEN: Material = Material {
    title: "The voices and losses on which the constants were chosen: the English recordings, espeak-ng in English, French, \
            German and Spanish",
    people: &[&["/usr/share/sounds/alsa", "/usr/share/asterisk/sounds/en_US_f_Allison"]],
    voices: [
        (
            "en-us",
            "Tomorrow it will be sunny in the morning, with a little rain in the afternoon and a wind from the west.",
        ),
        (
            "fr-fr+f2",
            "Demain il fera beau le matin, avec un peu de pluie dans l'après-midi et un vent léger de l'ouest.",
        ),
        ("de", "Morgen wird es am Vormittag sonnig, am Nachmittag regnet es ein wenig, und der Wind weht aus Westen."),
        ("es+m3", "Mañana hará sol por la mañana, con un poco de lluvia por la tarde y un viento ligero del oeste."),
    ],
    seeds: [1, 2, 3, 4, 5],
};

/// On this they are judged.
pub const JUDGED: Material = Material {
    title: "Other voices, other losses: an Italian, a Russian and a Canadian, espeak-ng in four other voices",
    people: &[
        &["/usr/share/asterisk/sounds/it_IT_m_Carlo"],
        &["/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"],
        &["/usr/share/asterisk/sounds/fr_CA_f_June"],
    ],
    voices: [
        (
            "en-gb+f5",
            "The next train to the harbour leaves in twelve minutes from platform four, and the tickets are sold on board.",
        ),
        (
            "it+m7",
            "Il prossimo treno per il porto parte fra dodici minuti dal binario quattro, e i biglietti si comprano a bordo.",
        ),
        (
            "pt-br+f4",
            "O próximo trem para o porto sai em doze minutos da plataforma quatro, e os bilhetes são vendidos a bordo.",
        ),
        (
            "nl",
            "De volgende trein naar de haven vertrekt over twaalf minuten van spoor vier, en de kaartjes koop je onderweg.",
        ),
    ],
    seeds: [11, 12, 13, 14, 15],
};

impl Material {
    /// Answers of about ten seconds, by the people and by espeak-ng in turn: so many samples in all.
    pub fn speech(&self, samples: usize) -> Vec<Vec<i16>> {
        let people = self.people.iter().map(|folders| hearing_material::people_in(folders).into_iter().cycle());
        let mut people: Vec<_> = people.collect();
        let (mut answers, mut all) = (Vec::new(), 0);
        while all < samples {
            let mut answer = Vec::new();
            if answers.len() % 4 == 3 {
                let (voice, text) = self.voices[answers.len() / 4 % self.voices.len()];
                answer = espeak(voice, text);
            }
            let person = answers.len() % people.len();
            while answer.len() < 8 * RATE {
                answer.extend(recording(&people[person].next().expect("recordings of people")));
                answer.extend(vec![0; RATE / 4]);
            }
            all += answer.len();
            answers.push(answer);
        }
        answers
    }
}
