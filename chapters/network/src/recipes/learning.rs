//! A bridge that lets only the configured hardware addresses of guests through.

use innkeeper_change::{Hazard, Problem, Severity};
use innkeeper_config::Property;
use serde_json::{Map, Value};

use super::bridged::BRIDGE;
use super::draft::Draft;
use super::outlook::Outlook;
use super::recipe::{Card, Recipe};
use super::values::Given;
use crate::interfaces::field::Field;
use crate::interfaces::kind::Kind;
use crate::interfaces::settings::Settings;

/// A bridge whose guests' ports learn nothing, or learn again.
pub(super) struct MacLearning {
    bridge: String,
    learning: bool,
}

impl Recipe for MacLearning {
    const CARD: Card = Card {
        id: "mac-learning",
        path: "/nodes/{node}/network-recipes/mac-learning",
        command: "network recipe mac-learning",
        title: "No learning of hardware addresses: guests get through with their own address only",
        purpose: "For hosts whose guests are not trusted to keep the hardware address that they were given. The bridge \
                  learns nothing from them; this program enters the addresses of their configuration, and answers to any \
                  other address reach nobody.",
        parameters: &[
            BRIDGE.help("The guests' bridge"),
            Property::boolean("learning")
                .optional()
                .default("0")
                .help("Learn again, as bridges do by default"),
        ],
    };

    fn proposed(outlook: &Outlook, _: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let config = outlook.config();
        let bridge = config.interfaces().iter().find(|one| one.kind == Kind::Bridge);
        bridge.map(|one| ("bridge", one.name.into())).into_iter().collect()
    }

    fn read(params: &Map<String, Value>) -> Result<Self, Problem> {
        let given = Given(params);
        Ok(Self { bridge: given.name("bridge")?, learning: given.yes("learning").unwrap_or(false) })
    }

    fn summary(&self) -> String {
        let does = if self.learning { "learns hardware addresses" } else { "learns no hardware addresses" };
        format!("bridge {} {does}", self.bridge)
    }

    fn edit(&self, _: &Outlook, draft: &mut Draft) -> Result<(), Problem> {
        let config = draft.config();
        match config.get(&self.bridge) {
            Some(one) if one.kind == Kind::Bridge => {}
            Some(one) => {
                let message =
                    format!("{} is of type '{}'; only Linux bridges learn so", self.bridge, one.kind.word());
                return Err(Problem::parameter("bridge", message));
            }
            None => return Err(Problem::parameter("bridge", format!("there is no bridge {}", self.bridge))),
        }
        drop(config);
        let mut settings = Settings::default();
        match self.learning {
            true => settings.delete.push(Field::BridgeDisableMacLearning.param().to_owned()),
            false => {
                settings.values.insert(Field::BridgeDisableMacLearning, "1".to_owned());
                draft.hazard(Hazard::new(
                    "network.no-learning",
                    Severity::Warning,
                    format!("Guests on {} that change their hardware address, or bridge others, lose the network.", self.bridge),
                    "Leave learning on where guests run bridges, containers or virtual routers of their own.",
                ));
            }
        }
        draft.update(&self.bridge, settings)
    }
}
