import { Checkbox, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { duration } from "../format";

/** What there is to choose from, in seconds; the host takes from ten seconds to an hour. */
const CHOICES = [30, 60, 90, 120, 300, 900, 3600];
const USUAL = 120;

/** Whether the change is taken back by itself unless somebody says in time that all is well. */
export function Arm({
  within,
  onArm,
}: {
  within: number | undefined;
  onArm: (within: number | undefined) => void;
}) {
  return (
    <div className="ik-plan__arm">
      <Checkbox
        id="arm"
        label="Take it back by itself unless it is confirmed in time"
        description="For changes that might cut you off."
        isChecked={within !== undefined}
        onChange={(_, on) => onArm(on ? USUAL : undefined)}
      />
      {within !== undefined && (
        <label className="ik-field">
          <span>Confirm within</span>
          <FormSelect
            aria-label="Confirm within"
            value={within}
            onChange={(_, seconds) => onArm(Number(seconds))}
          >
            {CHOICES.map((seconds) => (
              <FormSelectOption key={seconds} value={seconds} label={duration(seconds)} />
            ))}
          </FormSelect>
        </label>
      )}
    </div>
  );
}
