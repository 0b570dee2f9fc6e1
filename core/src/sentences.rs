//! What the device says itself, in the languages that it speaks.

use crate::assistant::cause::Cause;

/// A language of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
    /// German.
    German,
    /// Spanish.
    Spanish,
    /// Italian.
    Italian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::English, Self::French, Self::German, Self::Spanish, Self::Italian];

    /// The language of a tag such as `fr-FR`, `fr_FR.UTF-8` or `FR`. English for all that the catalogue lacks.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let base = base(tag);
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(base)).unwrap_or(Self::English)
    }

    /// Its ISO 639-1 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Spanish => "es",
            Self::Italian => "it",
        }
    }

    /// The tag to speak this language with if the speech language is `tag`: `tag` itself if it is a kind of this
    /// language (Canadian French stays Canadian), else the plain code (a Finnish voice would make noise of English).
    #[must_use]
    pub fn spoken_as(self, tag: &str) -> &str {
        if base(tag).eq_ignore_ascii_case(self.code()) { tag } else { self.code() }
    }
}

/// The part of a language tag before the region.
fn base(tag: &str) -> &str {
    tag.split(['-', '_', '.', '@']).next().unwrap_or(tag)
}

/// A sentence of the device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentence {
    /// The server did not answer in time.
    NoAnswer,
    /// There is no connection to the server.
    Offline,
    /// The connection was lost while somebody spoke; nothing was sent.
    NotSent,
    /// No server is configured.
    NotSetUp,
    /// The microphone is muted.
    Muted,
    /// The microphone is gone.
    MicGone,
    /// Another program holds the microphone.
    MicBusy,
    /// More than one card can capture.
    MicAmbiguous,
    /// The server answered with something that can't be understood.
    BrokenAnswer,
    /// The server refuses this device.
    Refused,
    /// Another device uses the same serial number.
    TwinDevice,
    /// The broker keeps a message that is too large to be taken in.
    PoisonedTopic,
    /// The person is to speak, so that the microphone can be measured.
    SpeakNow,
    /// The person was heard well.
    HeardYou,
    /// The person was hardly heard.
    HardlyHeard,
    /// Request after request got no answer.
    NobodyAnswers,
    /// A wake word can't be listened for.
    WakeMissing,
    /// The device belongs to no account of its server; the code follows, digit by digit.
    NotActivated,
}

impl Sentence {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::NoAnswer,
        Self::Offline,
        Self::NotSent,
        Self::NotSetUp,
        Self::Muted,
        Self::MicGone,
        Self::MicBusy,
        Self::MicAmbiguous,
        Self::BrokenAnswer,
        Self::Refused,
        Self::TwinDevice,
        Self::PoisonedTopic,
        Self::SpeakNow,
        Self::HeardYou,
        Self::HardlyHeard,
        Self::NobodyAnswers,
        Self::WakeMissing,
        Self::NotActivated,
    ];

    /// What is said when this is wrong; `None` if nobody could hear it, or if it keeps nobody from talking.
    #[must_use]
    pub const fn of_cause(cause: &Cause) -> Option<Self> {
        Some(match cause {
            Cause::NotSetUp => Self::NotSetUp,
            Cause::MicGone { .. } | Cause::MicSilent { .. } => Self::MicGone,
            Cause::MicBusy { .. } => Self::MicBusy,
            Cause::MicAmbiguous { .. } => Self::MicAmbiguous,
            Cause::SpeakerGone { .. }
            | Cause::SpeakerAmbiguous { .. }
            | Cause::VoiceGone { .. }
            | Cause::MixerGone { .. }
            | Cause::ButtonGone { .. }
            | Cause::LightsGone { .. }
            // Said in the turn that fails.
            | Cause::NoSession { .. }
            | Cause::NoSound { .. } => return None,
            Cause::WakeMissing { .. } => Self::WakeMissing,
            Cause::BrokerUnreachable { .. } | Cause::NoConfiguration { .. } => Self::Offline,
            Cause::NotActivated { .. } => Self::NotActivated,
            Cause::BrokerRefused { .. } => Self::Refused,
            Cause::TwinDevice { .. } => Self::TwinDevice,
            Cause::PoisonedTopic { .. } => Self::PoisonedTopic,
            Cause::NobodyAnswers { .. } => Self::NobodyAnswers,
        })
    }

    /// The words, to be spoken: no figures, signs or abbreviations.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
            Language::German => self.german(),
            Language::Spanish => self.spanish(),
            Language::Italian => self.italian(),
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Self::NoAnswer => "I got no answer. Please try again.",
            Self::Offline => "I can't reach the server right now.",
            Self::NotSent => "The connection was lost. Your request was not sent.",
            Self::NotSetUp => "I am not set up yet. Please name a server in my settings.",
            Self::Muted => "The microphone is muted.",
            Self::MicGone => "I can't hear you. The microphone is not responding.",
            Self::MicBusy => "Another program is using the microphone.",
            Self::MicAmbiguous => "I found several microphones. Please choose one in my settings.",
            Self::BrokenAnswer => "I could not understand the server's answer.",
            Self::Refused => "The server turns me away. Please check the user name and the password.",
            Self::TwinDevice => "Another device is using my serial number. Please give one of us a new one.",
            Self::PoisonedTopic => "The server holds a message that is too large for me.",
            Self::SpeakNow => "Please speak to me for three seconds.",
            Self::HeardYou => "I hear you well.",
            Self::HardlyHeard => "I can hardly hear you.",
            Self::NobodyAnswers => {
                "The server is there, but nobody answers my requests. Please check my application and my account."
            }
            Self::WakeMissing => "I can't listen for my wake word. Please check its model and its settings.",
            Self::NotActivated => "I don't belong to an account yet. Please type my code in on the server's page.",
        }
    }

    const fn french(self) -> &'static str {
        match self {
            Self::NoAnswer => "Je n'ai pas reçu de réponse. Veuillez réessayer.",
            Self::Offline => "Je n'arrive pas à joindre le serveur pour le moment.",
            Self::NotSent => "La connexion a été perdue. Votre demande n'a pas été envoyée.",
            Self::NotSetUp => "Je ne suis pas encore configuré. Indiquez un serveur dans mes réglages.",
            Self::Muted => "Le micro est coupé.",
            Self::MicGone => "Je ne vous entends pas. Le micro ne répond pas.",
            Self::MicBusy => "Un autre programme utilise le micro.",
            Self::MicAmbiguous => "J'ai trouvé plusieurs micros. Choisissez-en un dans mes réglages.",
            Self::BrokenAnswer => "Je n'ai pas compris la réponse du serveur.",
            Self::Refused => "Le serveur refuse ma connexion. Vérifiez le nom d'utilisateur et le mot de passe.",
            Self::TwinDevice => {
                "Un autre appareil utilise mon numéro de série. Donnez un nouveau numéro à l'un de nous."
            }
            Self::PoisonedTopic => "Le serveur garde un message trop volumineux pour moi.",
            Self::SpeakNow => "Parlez-moi pendant trois secondes, s'il vous plaît.",
            Self::HeardYou => "Je vous entends bien.",
            Self::HardlyHeard => "Je vous entends à peine.",
            Self::NobodyAnswers => {
                "Le serveur est là, mais personne ne répond à mes demandes. Vérifiez mon application et mon compte."
            }
            Self::WakeMissing => {
                "Je ne peux pas reconnaître mon mot d'activation. Vérifiez son modèle et ses réglages."
            }
            Self::NotActivated => {
                "Je n'appartiens encore à aucun compte. Veuillez saisir mon code sur la page du serveur."
            }
        }
    }

    const fn german(self) -> &'static str {
        match self {
            Self::NoAnswer => "Ich habe keine Antwort bekommen. Bitte versuche es noch einmal.",
            Self::Offline => "Ich kann den Server gerade nicht erreichen.",
            Self::NotSent => "Die Verbindung ist abgebrochen. Deine Anfrage wurde nicht gesendet.",
            Self::NotSetUp => "Ich bin noch nicht eingerichtet. Bitte trage einen Server in meine Einstellungen ein.",
            Self::Muted => "Das Mikrofon ist stumm geschaltet.",
            Self::MicGone => "Ich höre dich nicht. Das Mikrofon reagiert nicht.",
            Self::MicBusy => "Ein anderes Programm benutzt das Mikrofon.",
            Self::MicAmbiguous => "Ich habe mehrere Mikrofone gefunden. Bitte wähle eines in meinen Einstellungen aus.",
            Self::BrokenAnswer => "Ich habe die Antwort des Servers nicht verstanden.",
            Self::Refused => "Der Server weist mich ab. Bitte prüfe den Benutzernamen und das Passwort.",
            Self::TwinDevice => "Ein anderes Gerät benutzt meine Seriennummer. Bitte gib einem von uns eine neue.",
            Self::PoisonedTopic => "Auf dem Server liegt eine Nachricht, die zu groß für mich ist.",
            Self::SpeakNow => "Bitte sprich drei Sekunden lang mit mir.",
            Self::HeardYou => "Ich höre dich gut.",
            Self::HardlyHeard => "Ich höre dich kaum.",
            Self::NobodyAnswers => {
                "Der Server ist da, aber niemand beantwortet meine Anfragen. Bitte prüfe meine Anwendung und mein Konto."
            }
            Self::WakeMissing => {
                "Ich kann nicht auf mein Aktivierungswort hören. Bitte prüfe sein Modell und die Einstellungen."
            }
            Self::NotActivated => {
                "Ich gehöre noch zu keinem Konto. Bitte gib meinen Code auf der Seite des Servers ein."
            }
        }
    }

    const fn spanish(self) -> &'static str {
        match self {
            Self::NoAnswer => "No he recibido respuesta. Inténtalo de nuevo.",
            Self::Offline => "Ahora mismo no puedo conectar con el servidor.",
            Self::NotSent => "Se ha perdido la conexión. Tu petición no se ha enviado.",
            Self::NotSetUp => "Todavía no estoy configurado. Indica un servidor en mis ajustes.",
            Self::Muted => "El micrófono está silenciado.",
            Self::MicGone => "No te oigo. El micrófono no responde.",
            Self::MicBusy => "Otro programa está usando el micrófono.",
            Self::MicAmbiguous => "He encontrado varios micrófonos. Elige uno en mis ajustes.",
            Self::BrokenAnswer => "No he entendido la respuesta del servidor.",
            Self::Refused => "El servidor me rechaza. Comprueba el nombre de usuario y la contraseña.",
            Self::TwinDevice => "Otro dispositivo usa mi número de serie. Asigna un número nuevo a uno de los dos.",
            Self::PoisonedTopic => "El servidor guarda un mensaje demasiado grande para mí.",
            Self::SpeakNow => "Háblame durante tres segundos, por favor.",
            Self::HeardYou => "Te oigo bien.",
            Self::HardlyHeard => "Apenas te oigo.",
            Self::NobodyAnswers => {
                "El servidor está ahí, pero nadie responde a mis peticiones. Comprueba mi aplicación y mi cuenta."
            }
            Self::WakeMissing => "No puedo reconocer mi palabra de activación. Comprueba su modelo y sus ajustes.",
            Self::NotActivated => {
                "Todavía no pertenezco a ninguna cuenta. Introduce mi código en la página del servidor."
            }
        }
    }

    const fn italian(self) -> &'static str {
        match self {
            Self::NoAnswer => "Non ho ricevuto risposta. Riprova, per favore.",
            Self::Offline => "In questo momento non riesco a raggiungere il server.",
            Self::NotSent => "La connessione è caduta. La tua richiesta non è stata inviata.",
            Self::NotSetUp => "Non sono ancora configurato. Indica un server nelle mie impostazioni.",
            Self::Muted => "Il microfono è disattivato.",
            Self::MicGone => "Non ti sento. Il microfono non risponde.",
            Self::MicBusy => "Un altro programma sta usando il microfono.",
            Self::MicAmbiguous => "Ho trovato più microfoni. Scegline uno nelle mie impostazioni.",
            Self::BrokenAnswer => "Non ho capito la risposta del server.",
            Self::Refused => "Il server rifiuta il mio accesso. Controlla il nome utente e la password.",
            Self::TwinDevice => {
                "Un altro dispositivo usa il mio numero di serie. Assegna un nuovo numero a uno di noi."
            }
            Self::PoisonedTopic => "Il server conserva un messaggio troppo grande per me.",
            Self::SpeakNow => "Parlami per tre secondi, per favore.",
            Self::HeardYou => "Ti sento bene.",
            Self::HardlyHeard => "Ti sento appena.",
            Self::NobodyAnswers => {
                "Il server c'è, ma nessuno risponde alle mie richieste. Controlla la mia applicazione e il mio account."
            }
            Self::WakeMissing => {
                "Non riesco a riconoscere la mia parola di attivazione. Controlla il suo modello e le sue impostazioni."
            }
            Self::NotActivated => {
                "Non appartengo ancora a nessun account. Inserisci il mio codice nella pagina del server."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all() -> impl Iterator<Item = (Sentence, Language, &'static str)> {
        Sentence::ALL.into_iter().flat_map(|s| Language::ALL.map(|l| (s, l, s.text(l))))
    }

    #[test]
    fn every_sentence_has_words_of_its_own_in_every_language() {
        let mut seen = HashSet::new();
        for (sentence, language, text) in all() {
            assert!(text.split_whitespace().count() >= 3, "{sentence:?} in {language:?}: {text:?}");
            assert!(text.ends_with('.'), "{sentence:?} in {language:?} has no end");
            assert!(seen.insert(text), "{sentence:?} in {language:?} says what another one says");
        }
        assert_eq!(seen.len(), Sentence::ALL.len() * Language::ALL.len());
    }

    #[test]
    fn the_list_of_all_sentences_is_complete() {
        // Each variant is in `ALL` at the place that its declaration gives it, so the last one's number is the count.
        for (place, sentence) in Sentence::ALL.into_iter().enumerate() {
            assert_eq!(sentence as usize, place);
        }
        assert_eq!(Sentence::NotActivated as usize + 1, Sentence::ALL.len(), "the last variant");
    }

    #[test]
    fn a_voice_finds_nothing_but_words_to_read() {
        for (sentence, language, text) in all() {
            let odd = text.chars().find(|c| !c.is_alphabetic() && !" .,'-".contains(*c));
            assert_eq!(odd, None, "{sentence:?} in {language:?}");
            let shout = text.split(|c: char| !c.is_alphabetic()).find(|w| w.len() > 1 && *w == w.to_uppercase());
            assert_eq!(shout, None, "an abbreviation in {sentence:?} in {language:?}");
        }
    }

    #[test]
    fn tags_of_all_spellings_find_their_language() {
        for (tag, language) in [
            ("fr-FR", Language::French),
            ("FR_ca", Language::French),
            ("de", Language::German),
            ("de_AT.UTF-8", Language::German),
            ("es-419", Language::Spanish),
            ("IT-it", Language::Italian),
            ("en-GB", Language::English),
            ("fi-FI", Language::English),
            ("fra", Language::English),
            ("", Language::English),
            ("-", Language::English),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag:?}");
        }
    }

    #[test]
    fn a_sentence_is_never_read_by_a_voice_of_another_language() {
        assert_eq!(Language::of_tag("fr-CA").spoken_as("fr-CA"), "fr-CA");
        assert_eq!(Language::of_tag("fi-FI").spoken_as("fi-FI"), "en");
    }

    #[test]
    fn what_nobody_could_hear_is_not_said() {
        assert_eq!(Sentence::of_cause(&Cause::SpeakerGone { detail: String::new() }), None);
        assert_eq!(Sentence::of_cause(&Cause::MicBusy { holder: String::new() }), Some(Sentence::MicBusy));
    }
}
