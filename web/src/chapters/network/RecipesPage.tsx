import {
  Alert,
  Button,
  Card,
  CardBody,
  CardFooter,
  CardHeader,
  CardTitle,
  ClipboardCopy,
  Content,
  FormGroup,
  Label,
  Radio,
} from "@patternfly/react-core";
import { useId, useState } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { CheckField, FormDialog, SelectField, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useQueryParams } from "../../kit/router";
import { useMay } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { Recipe, RecipeParameter } from "../../kit/types";
import {
  advise,
  cook,
  fitsChangeSet,
  labelOf,
  PLACES,
  proposedBy,
  SEVERAL,
  useGuestNics,
  useRecipes,
  wrongs,
  type Place,
  type Several,
  type Values,
} from "./recipes";

/** Whole set-ups of the network: found by a few questions, or taken from the list. */
export function RecipesPage({ node }: { node: string }) {
  const [query] = useQueryParams();
  const set = query.get("change-set") || undefined;
  const recipes = useRecipes(node, set);
  const mayChange = useMay("Sys.Modify");
  const [chosen, setChosen] = useState<Recipe>();
  return (
    <ChapterPage
      title="Network set-ups"
      node={node}
      crumbs={[{ label: "Network", to: ["nodes", node, "network"] }]}
      intro="Each of them is one change: shown first, then staged, or applied and taken back unless you confirm it."
      help={{ guide: "network-recipes", man: ["interfaces.5"] }}
    >
      <Loaded query={recipes} what="the set-ups">
        {(found) => (
          <div className="ik-stack">
            {set && (
              <Alert isInline variant="info" title={`What you set up here goes into the change set ${set}`}>
                Nobody else&apos;s edits are touched. It is staged with the change set.
              </Alert>
            )}
            <Guide node={node} recipes={found} mayChange={mayChange} onChoose={setChosen} />
            <List recipes={found} mayChange={mayChange} onChoose={setChosen} />
            {chosen && (
              <RecipeDialog node={node} set={set} recipe={chosen} onClose={() => setChosen(undefined)} />
            )}
          </div>
        )}
      </Loaded>
    </ChapterPage>
  );
}

interface Choosing {
  recipes: readonly Recipe[];
  mayChange: boolean;
  onChoose: (recipe: Recipe) => void;
}

/** Which set-up fits: two questions, one proposal. */
function Guide({ node, recipes, mayChange, onChoose }: Choosing & { node: string }) {
  const id = useId();
  const [place, setPlace] = useState<Place>();
  const [several, setSeveral] = useState<Several>("unknown");
  const advice = place && advise(place, several);
  const recipe = recipes.find((one) => one.id === advice?.recipe);
  const needsAddresses = place === "ranges" && several === "registered";
  return (
    <Card>
      <CardTitle component="h2">Which one fits?</CardTitle>
      <CardBody className="ik-stack">
        <FormGroup role="radiogroup" label="What is this host connected to?" fieldId={`${id}place`}>
          {PLACES.map(({ value, label, means }) => (
            <Radio
              key={value}
              id={`${id}${value}`}
              name={`${id}place`}
              label={label}
              description={means}
              isChecked={place === value}
              onChange={() => setPlace(value)}
            />
          ))}
        </FormGroup>
        {place === "ranges" && (
          <SelectField
            label="Several hardware addresses on one cable are"
            value={several}
            onChange={setSeveral}
            choices={SEVERAL}
          />
        )}
        {advice && recipe && (
          <Alert
            isInline
            variant="info"
            title={recipe.title}
            actionLinks={
              mayChange && (
                <Button variant="link" isInline onClick={() => onChoose(recipe)}>
                  Take this one
                </Button>
              )
            }
          >
            {advice.why}
          </Alert>
        )}
        {needsAddresses && <GuestAddresses node={node} />}
      </CardBody>
    </Card>
  );
}

/** What has to be registered, ready to be copied. */
function GuestAddresses({ node }: { node: string }) {
  const nics = useGuestNics(node, true);
  return (
    <Loaded query={nics} what="the network cards of guests">
      {(found) =>
        found.length === 0 ? (
          <Content component="p">No guest has a network card yet.</Content>
        ) : (
          <ClipboardCopy isReadOnly isExpanded isCode variant="expansion" hoverTip="Copy" clickTip="Copied">
            {found.map(({ vmid, nic, mac }) => `${mac} ${vmid} ${nic}`).join("\n")}
          </ClipboardCopy>
        )
      }
    </Loaded>
  );
}

function List({ recipes, mayChange, onChoose }: Choosing) {
  return recipes.map((recipe) => (
    <Card key={recipe.id} isCompact>
      <CardHeader
        actions={recipe.done === 1 ? { actions: <Label color="green">In place</Label> } : undefined}
      >
        <CardTitle component="h3">{recipe.title}</CardTitle>
      </CardHeader>
      <CardBody>{recipe.purpose}</CardBody>
      {mayChange && (
        <CardFooter>
          <Button variant="secondary" onClick={() => onChoose(recipe)} aria-label={`Set up ${recipe.id}`}>
            Set up
          </Button>
        </CardFooter>
      )}
    </Card>
  ));
}

/** What the set-up takes, with what the host proposes. */
function RecipeDialog({
  node,
  set: changeSet,
  recipe,
  onClose,
}: {
  node: string;
  set: string | undefined;
  recipe: Recipe;
  onClose: () => void;
}) {
  const propose = usePropose();
  const [values, setValues] = useState<Values>(() => proposedBy(recipe));
  const [apply, setApply] = useState(false);
  const wrong = wrongs(recipe, values);
  const fits = changeSet === undefined || fitsChangeSet(recipe);
  const set = (name: string) => (value: string) => setValues({ ...values, [name]: value });
  return (
    <FormDialog
      title={recipe.title}
      description={recipe.purpose}
      isValid={fits && Object.keys(wrong).length === 0}
      onClose={onClose}
      onSubmit={() => {
        onClose();
        propose(cook(node, recipe, values, { set: changeSet, apply }));
      }}
    >
      {!fits && (
        <Alert isInline variant="warning" title={`It does not fit into the change set ${changeSet}`}>
          A change set holds interfaces, and this is a file of kernel parameters: set it up without a change
          set.
        </Alert>
      )}
      {recipe.parameters.map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name] ?? ""}
          error={wrong[parameter.name]}
          onChange={set(parameter.name)}
        />
      ))}
      {changeSet === undefined && (
        <CheckField
          label="Apply it at once"
          description="With everything that is staged already. You are asked to confirm that this host is still reached; else it is taken back."
          value={apply}
          onChange={setApply}
        />
      )}
    </FormDialog>
  );
}

function ParameterField({
  parameter,
  value,
  error,
  onChange,
}: {
  parameter: RecipeParameter;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  const label = labelOf(parameter);
  if (parameter.type === "boolean")
    return (
      <CheckField
        label={label}
        description={parameter.help}
        value={value === "1"}
        onChange={(on) => onChange(on ? "1" : "0")}
      />
    );
  if (parameter.values && parameter.values.length > 0)
    return (
      <SelectField
        label={label}
        help={parameter.help}
        value={value}
        onChange={onChange}
        choices={parameter.values.map((choice) => ({ value: choice }))}
      />
    );
  return (
    <TextField
      label={label}
      help={parameter.help}
      value={value}
      // an empty field that is needed says so by its mark alone
      error={value.trim() === "" ? false : error}
      isRequired={parameter.required === 1}
      onChange={onChange}
      maxLength={4096}
    />
  );
}
